/* See mpi_plugin.h. Compiled once for each MPI. */
#include "comm/mpi_plugin.h"

#include <string.h>

#include <mpi.h>

_Static_assert(sizeof(MPI_Request) <= sizeof(srwm_mpi_request), "a request does not fit");

static MPI_Comm ranks = MPI_COMM_NULL;

static MPI_Request request_of(const srwm_mpi_request* request) {
  MPI_Request result;
  memcpy(&result, request, sizeof result);
  return result;
}

static void keep(MPI_Request from, srwm_mpi_request* request) {
  memset(request, 0, sizeof *request);
  memcpy(request, &from, sizeof from);
}

static int open_mpi(int* rank, int* size, int* serialized) {
  int provided = MPI_THREAD_SINGLE;
  int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  *serialized = provided >= MPI_THREAD_SERIALIZED;
  if (code == MPI_SUCCESS) code = MPI_Comm_dup(MPI_COMM_WORLD, &ranks);
  if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(ranks, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS) code = MPI_Comm_rank(ranks, rank);
  if (code == MPI_SUCCESS) code = MPI_Comm_size(ranks, size);
  return code;
}

static int close_mpi(void) {
  int code = MPI_Comm_free(&ranks);
  return code == MPI_SUCCESS ? MPI_Finalize() : code;
}

static void copy_text(const char* from, char* text, int size) {
  strncpy(text, from, (size_t)size - 1);
  text[size - 1] = '\0';
}

static void error_text(int code, char* text, int size) {
  char full[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, full, &length);
  copy_text(full, text, size);
}

static void library(char* text, int size) {
  char full[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(full, &length);
  copy_text(full, text, size);
}

static int send_bytes(const void* bytes, int count, int rank, int tag, srwm_mpi_request* request) {
  MPI_Request started = MPI_REQUEST_NULL;
  const int code = MPI_Isend(bytes, count, MPI_BYTE, rank, tag, ranks, &started);
  keep(started, request);
  return code;
}

static int receive_bytes(void* bytes, int count, int rank, int tag, srwm_mpi_request* request) {
  MPI_Request started = MPI_REQUEST_NULL;
  const int code = MPI_Irecv(bytes, count, MPI_BYTE, rank, tag, ranks, &started);
  keep(started, request);
  return code;
}

static int test(srwm_mpi_request* request, int* done) {
  MPI_Request tested = request_of(request);
  const int code = MPI_Test(&tested, done, MPI_STATUS_IGNORE);
  keep(tested, request);
  return code;
}

static int cancel(srwm_mpi_request* request) {
  MPI_Request cancelled = request_of(request);
  if (cancelled == MPI_REQUEST_NULL) return MPI_SUCCESS;
  int code = MPI_Cancel(&cancelled);
  if (code == MPI_SUCCESS) code = MPI_Request_free(&cancelled);
  keep(MPI_REQUEST_NULL, request);
  return code;
}

const srwm_mpi* srwm_mpi_table(void) {
  static const srwm_mpi table = {SRWM_MPI_INTERFACE, open_mpi, close_mpi, error_text, library,
                                 send_bytes, receive_bytes, test, cancel};
  return &table;
}
