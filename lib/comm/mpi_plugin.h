/* What srwm needs of MPI, as a table of functions: libsrwm_mpi_<family>.so is compiled with the mpi.h of one MPI and
   loaded only where a launcher has started several processes, so that the program itself needs no MPI. Plain C. */
#ifndef SRWM_MPI_PLUGIN_H
#define SRWM_MPI_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(modernize-use-using) */

/* Changes whenever the table does. */
#define SRWM_MPI_INTERFACE 1

/* A transfer on its way; the plug-in knows what it means. */
typedef struct srwm_mpi_request {
  uint64_t word;
} srwm_mpi_request;

/* Functions return 0, or a code for error_text. None of them blocks, but for open and close. They may be called by any
   thread, one at a time. */
typedef struct srwm_mpi {
  int interface_version;
  /* MPI_Init_thread; 0 in `serialized` if this MPI does not let several threads call it by turns. */
  int (*open)(int* rank, int* size, int* serialized);
  int (*close)(void);
  void (*error_text)(int code, char* text, int size);
  /* "Open MPI v4.1.4, ..." */
  void (*library)(char* text, int size);
  int (*send)(const void* bytes, int count, int rank, int tag, srwm_mpi_request* request);
  int (*receive)(void* bytes, int count, int rank, int tag, srwm_mpi_request* request);
  int (*test)(srwm_mpi_request* request, int* done);
  /* Gives up a transfer that has not begun. */
  int (*cancel)(srwm_mpi_request* request);
} srwm_mpi;

const srwm_mpi* srwm_mpi_table(void);

/* NOLINTEND(modernize-use-using) */

#ifdef __cplusplus
}
#endif

#endif
