// The one function of the library of Fortran that LAPACK's double precision calls: a // b into a text of a given length, cut or filled with blanks.
// With it a package needs neither libgfortran nor libquadmath, which are larger than what is kept of OpenBLAS for a processor.
#include <stddef.h>
#include <string.h>

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void _gfortran_concat_string(
    size_t length, char *text, size_t first_length, const char *first, size_t second_length, const char *second) {
  size_t head = least(length, first_length), tail = least(length - head, second_length);
  memcpy(text, first, head);
  memcpy(text + head, second, tail);
  memset(text + head + tail, ' ', length - head - tail);
}
