// The reading of an HDF5 file in a process of its own, before the program itself reads it.
#ifndef SITEVIB_CHDF5_REHEARSAL_H
#define SITEVIB_CHDF5_REHEARSAL_H

#include <stdint.h>

// The name of the job for sandbox_run(); its settings are the largest ratio of declared to stored
// bytes, and the slack (DatasetReader.swift).
const char *rehearsal_job_name(void);

// The head of the region: what the process found before it ended.
typedef struct {
  int64_t is_hdf5;         // 1 where the library opened it
  int64_t is_complete;     // 1 where every object was looked at and all numbers were read, or it is no HDF5
  int64_t is_later;        // 1 where something has a version that this library does not know
  int64_t is_open;         // 1 where the file says that a program still writes to it
  int64_t text_bytes;      // of the records behind this head
} rehearsal_report;

// Behind the head stand the texts of variable length, a record an attribute or dataset: the address of
// the object (uint64), the length of the attribute's name (uint32, 0 for the data of a dataset), the
// name, the number of texts (uint32), then for each text its length (uint32) and its bytes.

#endif
