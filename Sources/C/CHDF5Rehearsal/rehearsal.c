#define _GNU_SOURCE
#include "CHDF5Rehearsal.h"

#include "../CHDF5/shim.h"
#include "../CSandbox/include/CSandbox.h"

#include <stdio.h>
#include <unistd.h>

const char *rehearsal_job_name(void) { return "hdf5"; }

typedef struct {
  uint64_t largest_ratio, slack;
  unsigned char *region;
  size_t capacity;
} rehearsal;

// MARK: Numbers and texts of one length

// Makes the reads of FileImage+Attributes.swift.
static herr_t try_attribute(
    hid_t object, const char *name, const H5A_info_t *info, void *context) {
  (void)context;
  int kind = 0;
  uint64_t size = 0;
  long long count = 0;
  hid_t attribute = H5Aopen(object, name, 0);
  if (attribute < 0) return 0;
  if (info->data_size <= 1 << 16 && svh5_inspect_attribute(attribute, &kind, &size, &count) >= 0 &&
      (kind == SVH5_TEXT || kind == SVH5_SIGNED || kind == SVH5_UNSIGNED) && size <= 1 << 16 &&
      count <= 1 << 16) {
    hid_t type = kind == SVH5_TEXT ? H5Aget_type(attribute) : svh5_memory_type(SVH5_I8);
    void *values = malloc((size_t)(count + 1) * (size < 8 ? 8 : size));
    if (type >= 0 && values != NULL) H5Aread(attribute, type, values);
    free(values);
    if (type >= 0) H5Tclose(type);
  }
  H5Aclose(attribute);
  return 0;
}

static void try_rows(
    hid_t set, hid_t type, const svh5_dataset_info *info, const uint64_t *extent, uint64_t row) {
  const uint64_t wanted = (uint64_t)(1 << 24) / row + 1;
  const hsize_t rows = wanted < extent[0] ? wanted : extent[0];
  void *values = malloc(rows * row);
  hid_t space = H5Dget_space(set);
  if (type >= 0 && space >= 0 && values != NULL) {
    hsize_t start[8] = {0}, count[8];
    for (int axis = 0; axis < info->rank; axis++) count[axis] = extent[axis];
    for (start[0] = 0; start[0] < extent[0]; start[0] += rows) {
      count[0] = extent[0] - start[0] < rows ? extent[0] - start[0] : rows;
      hid_t memory = H5Screate_simple(info->rank, count, NULL);
      if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
        H5Dread(set, type, memory, space, 0, values);
      if (memory >= 0) H5Sclose(memory);
    }
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  free(values);
}

// Reads a dataset in pieces, if its declared size is one that we would read (DatasetReader.swift), into
// every type that we would read it into.
static void try_data(hid_t set, uint64_t largest_ratio, uint64_t slack) {
  svh5_dataset_info info;
  uint64_t extent[8];
  if (svh5_inspect(set, &info, extent) < 0 || info.external || info.is_virtual || info.bad_filter)
    return;
  if (info.kind == SVH5_VARIABLE_TEXT || info.kind == SVH5_UNSUPPORTED || info.rank == 0) return;
  const uint64_t size = info.size < 8 ? 8 : info.size;
  uint64_t row = size, all, chunk, limit;
  for (int axis = 1; axis < info.rank; axis++) {
    if (__builtin_mul_overflow(row, extent[axis], &row)) return;
  }
  const uint64_t ratio = 8 * (info.filter_count > 0 ? largest_ratio : 1);
  if (__builtin_mul_overflow(row, extent[0], &all) || row == 0 || extent[0] == 0) return;
  if (__builtin_mul_overflow(info.chunk_elements, size, &chunk)) return;
  if (__builtin_mul_overflow(info.storage, ratio, &limit)) return;
  if (all > limit + slack || chunk > limit + slack) return;
  for (uint64_t i = 0; i < info.found_chunks && i < 4; i++) {
    uint64_t start = 0, bytes = 0;
    svh5_chunk_place(set, i, &start, &bytes);
  }
  if (info.kind == SVH5_TEXT) {
    try_rows(set, H5Dget_type(set), &info, extent, row);
    return;
  }
  if (info.kind == SVH5_NAMED) {
    svh5_names names;
    svh5_enumeration(set, &names);
  }
  try_rows(set, svh5_memory_type(SVH5_F8), &info, extent, row);
  if (info.kind == SVH5_REAL) return;
  try_rows(set, svh5_memory_type(SVH5_I8), &info, extent, row);
  if (info.size == 1) try_rows(set, svh5_memory_type(SVH5_U1), &info, extent, row);
}

static herr_t try_object(hid_t file, const char *name, const H5O_info_t *info, void *context) {
  const rehearsal *self = context;
  H5O_info_t again;
  H5Oget_info_by_name(file, name, &again, 0);
  if (info->type != H5O_TYPE_DATASET && info->type != H5O_TYPE_GROUP) return 0;
  hid_t object = H5Oopen(file, name, 0);
  if (object < 0) return 0;
  hsize_t next = 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &next, try_attribute, NULL);
  H5Aexists(object, "absent");
  if (info->type == H5O_TYPE_DATASET) {
    try_data(object, self->largest_ratio, self->slack);
  } else {
    char buffer[1024];
    H5Lexists(object, "absent", 0);
    svh5_child_name(object, 0, buffer, sizeof buffer);
  }
  H5Oclose(object);
  return 0;
}

// MARK: Texts of variable length

static rehearsal_report *report(const rehearsal *self) { return (rehearsal_report *)self->region; }

// Appends bytes behind `used`; 0 where there is no room.
static size_t put(const rehearsal *self, size_t used, const void *bytes, size_t size) {
  if (used == 0 || size > self->capacity || used > self->capacity - size) return 0;
  if (size > 0) memcpy(self->region + used, bytes, size);
  return used + size;
}

static size_t put_number(const rehearsal *self, size_t used, size_t number) {
  const uint32_t word = (uint32_t)number;
  return put(self, used, &word, 4);
}

// Leaves the texts of an attribute or dataset in the region; a record that does not fit is left out.
static void fetch_texts(
    const rehearsal *self, hid_t object, int is_attribute, uint64_t address, const char *name,
    size_t count) {
  hid_t type = svh5_text_type(0, 1);
  hid_t in_file = is_attribute ? H5Aget_type(object) : H5Dget_type(object);
  char **texts = calloc(count + 1, sizeof *texts);
  if (type >= 0 && in_file >= 0 && texts != NULL &&
      H5Tset_cset(type, H5Tget_cset(in_file)) >= 0 &&
      (is_attribute ? H5Aread(object, type, texts)
                    : H5Dread(object, type, H5S_ALL, H5S_ALL, 0, texts)) >= 0) {
    size_t used = sizeof(rehearsal_report) + (size_t)report(self)->text_bytes;
    used = put(self, used, &address, 8);
    used = put_number(self, used, strlen(name));
    used = put(self, used, name, strlen(name));
    used = put_number(self, used, count);
    for (size_t i = 0; i < count && used > 0; i++) {
      const size_t length = texts[i] == NULL ? 0 : strlen(texts[i]);
      used = put_number(self, used, length);
      used = put(self, used, texts[i], length);
    }
    if (used > 0) report(self)->text_bytes = (int64_t)(used - sizeof(rehearsal_report));
    for (size_t i = 0; i < count; i++) H5free_memory(texts[i]);
  }
  free(texts);
  if (in_file >= 0) H5Tclose(in_file);
  if (type >= 0) H5Tclose(type);
}

typedef struct {
  const rehearsal *self;
  uint64_t address;
} owner;

static herr_t fetch_attribute(
    hid_t object, const char *name, const H5A_info_t *info, void *context) {
  const owner *of = context;
  (void)info;
  int kind = 0;
  uint64_t size = 0;
  long long count = 0;
  hid_t attribute = H5Aopen(object, name, 0);
  if (attribute < 0) return 0;
  if (svh5_inspect_attribute(attribute, &kind, &size, &count) >= 0 && kind == SVH5_VARIABLE_TEXT &&
      count > 0 && count <= 1 << 16)
    fetch_texts(of->self, attribute, 1, of->address, name, (size_t)count);
  H5Aclose(attribute);
  return 0;
}

static herr_t fetch_object(hid_t file, const char *name, const H5O_info_t *info, void *context) {
  const rehearsal *self = context;
  if (info->type != H5O_TYPE_DATASET && info->type != H5O_TYPE_GROUP) return 0;
  hid_t object = H5Oopen(file, name, 0);
  if (object < 0) return 0;
  owner of = {self, info->addr};
  hsize_t next = 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &next, fetch_attribute, &of);
  svh5_dataset_info details;
  uint64_t extent[8], count = 1;
  if (info->type == H5O_TYPE_DATASET && svh5_inspect(object, &details, extent) >= 0 &&
      details.kind == SVH5_VARIABLE_TEXT && !details.external && !details.is_virtual &&
      !details.bad_filter && (!details.chunked || details.found_chunks > 0)) {
    for (int axis = 0; axis < details.rank; axis++) {
      if (__builtin_mul_overflow(count, extent[axis], &count)) count = UINT64_MAX;
    }
    // An element takes 16 bytes in the file, before filters.
    if (count > 0 && count <= (details.storage + self->slack) * self->largest_ratio / 16 &&
        count < 1 << 28)
      fetch_texts(self, object, 0, info->addr, "", (size_t)count);
  }
  H5Oclose(object);
  return 0;
}

// MARK: The job

// The library says "bad version number for ..." under several codes.
static herr_t look_for_version(unsigned depth, const H5E_error2_t *error, void *context) {
  (void)depth;
  if (error->min_num == H5E_VERSION || (error->desc != NULL && strstr(error->desc, "version") != NULL))
    *(int64_t *)context = 1;
  return 0;
}

// Called for every failure of the library: one of a version that it does not know is noted.
static herr_t note_failure(hid_t stack, void *context) {
  H5Ewalk2(stack, H5E_WALK_UPWARD, look_for_version, context);
  return 0;
}

// The bytes of the file stand where they are: the library gets their address for each copy it wants.
static void *image_bytes;

static void *give_image(size_t size, H5FD_file_image_op_t operation, void *context) {
  (void)size, (void)operation, (void)context;
  return image_bytes;
}

static void *keep_image(
    void *to, const void *from, size_t size, H5FD_file_image_op_t operation, void *context) {
  (void)operation, (void)context;
  return to == from ? to : memcpy(to, from, size);
}

static herr_t leave_image(void *image, H5FD_file_image_op_t operation, void *context) {
  (void)image, (void)operation, (void)context;
  return 0;
}

// Opens an image without a copy; negative where the library cannot.
static hid_t open_image(unsigned char *bytes, size_t size) {
  H5FD_file_image_callbacks_t callbacks = {
      give_image, keep_image, NULL, leave_image, NULL, NULL, NULL};
  hid_t access = svh5_memory_access(1 << 20);
  image_bytes = bytes;
  if (access < 0 || H5Pset_file_image_callbacks(access, &callbacks) < 0 ||
      H5Pset_file_image(access, bytes, size) < 0)
    return -1;
  return H5Fopen("sitevib-rehearsal", H5F_ACC_RDONLY, access);
}

// Opens the file, looks at every object and reads every dataset as the program will. Damaged headers
// and indices crash HDF5 1.10.8, or send it round in circles; so does a damaged heap of text.
static void rehearse(
    unsigned char *bytes, size_t size, unsigned char *region, size_t capacity,
    const uint64_t settings[SANDBOX_SETTINGS]) {
  rehearsal self = {settings[0], settings[1], region, capacity};
  if (svh5_prepare() < 0) _exit(1);
  // Files in the latest format begin with version 2 or 3; in others a version is damaged.
  int64_t is_later = 0, *noted = size > 12 && bytes[8] >= 2 ? &report(&self)->is_later : &is_later;
  H5Eset_auto2(H5E_DEFAULT, note_failure, noted);
  // The flags of a file of version 3: bit 0 and bit 2 while it is open for writing.
  if (size > 12 && bytes[8] == 3 && (bytes[11] & 5) != 0) report(&self)->is_open = 1;
  hid_t file = open_image(bytes, size);
  if (file >= 0) {
    report(&self)->is_hdf5 = 1;
    // It ends at the first object that it cannot follow; what lies behind was then not tried.
    if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, try_object, &self) < 0) _exit(1);
    report(&self)->is_complete = 1;
    H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, fetch_object, &self);
  }
  report(&self)->is_complete = 1;
}

__attribute__((constructor)) static void enter(void) {
  sandbox_enter(rehearsal_job_name(), rehearse);
}
