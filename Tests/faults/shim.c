// Reads HDF5 files with every function of Sources/C/CHDF5/shim.h and Sources/C/CHDF5Rehearsal, for
// AddressSanitizer to watch.
// Compiled by Tests/CommandTests/SanitizerTests.swift.
//
//   shim FILE...        prints how many objects were seen in all
#define _GNU_SOURCE
#include "../../Sources/C/CHDF5Rehearsal/rehearsal.c"

#include <sys/mman.h>
#include <sys/wait.h>

static long seen = 0;
static unsigned char *region;
enum { CAPACITY = 1 << 20 };

// The rehearsal of an image in a child; 0 where it came through.
static int try_file(unsigned char *image, size_t size) {
  const uint64_t settings[SANDBOX_SETTINGS] = {8 * 1032, 1 << 20, 0, 0};
  memset(region, 0, CAPACITY);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    rehearse(image, size, region, CAPACITY, settings);
    _exit(0);
  }
  int status = 0;
  return child < 0 || waitpid(child, &status, 0) < 0 || status != 0 ||
         ((rehearsal_report *)region)->is_complete != 1;
}

static herr_t visit_attribute(
    hid_t object, const char *name, const H5A_info_t *info, void *context) {
  int kind = 0;
  uint64_t size = 0;
  long long count = 0;
  hid_t attribute = H5Aopen(object, name, 0);
  if (attribute < 0) return 0;
  svh5_inspect_attribute(attribute, &kind, &size, &count);
  H5Aclose(attribute);
  return try_attribute(object, name, info, context);
}

static herr_t visit(hid_t file, const char *name, const H5O_info_t *info, void *context) {
  seen++;
  svh5_child_kind(file, name);
  if (info->type != H5O_TYPE_DATASET && info->type != H5O_TYPE_GROUP) return 0;
  hid_t object = H5Oopen(file, name, 0);
  if (object < 0) return 0;
  hsize_t next = 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &next, visit_attribute, NULL);
  if (info->type == H5O_TYPE_GROUP) {
    char short_name[4], long_name[1024];
    const long long count = svh5_child_count(object);
    for (long long i = 0; i < count && i < 100; i++) {
      svh5_child_name(object, (unsigned long long)i, short_name, sizeof short_name);
      if (svh5_child_name(object, (unsigned long long)i, long_name, sizeof long_name) > 0)
        svh5_child_kind(object, long_name);
    }
  } else {
    svh5_dataset_info details;
    uint64_t extent[8], start, size;
    if (svh5_inspect(object, &details, extent) >= 0) {
      for (uint64_t i = 0; i < details.found_chunks && i < 100; i++)
        svh5_chunk_place(object, i, &start, &size);
    }
  }
  svh5_address(object);
  H5Oclose(object);
  return try_object(file, name, info, context);
}

int main(int argc, char **argv) {
  region = mmap(NULL, CAPACITY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (svh5_prepare() < 0 || region == MAP_FAILED) return 1;
  svh5_silence();
  for (int i = 1; i < argc; i++) {
    FILE *stream = fopen(argv[i], "rb");
    if (stream == NULL) return 1;
    fseek(stream, 0, SEEK_END);
    const size_t size = (size_t)ftell(stream);
    rewind(stream);
    void *image = malloc(size);
    if (image == NULL || fread(image, 1, size, stream) != size) return 1;
    fclose(stream);
    hid_t access = svh5_memory_access(1 << 20);
    rehearsal self = {8 * 1032, 1 << 20, region, CAPACITY};
    if (access < 0 || H5Pset_file_image(access, image, size) < 0) return 1;
    // An image must not have the name of a file.
    char name[32];
    snprintf(name, sizeof name, "image-%d", i);
    // What crashes HDF5 itself ends a child, as in the commands.
    if (try_file(image, size) == 0) {
      hid_t file = H5Fopen(name, svh5_read_only(), access);
      if (file >= 0) {
        H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, &self);
        H5Fclose(file);
      }
    }
    free(image);
    H5Pclose(access);
  }
  munmap(region, CAPACITY);
  printf("%ld\n", seen);
  return 0;
}
