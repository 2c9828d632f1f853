/* An MPI with one rank that lacks what the environment variable FAKE_MPI names: "start", "threads", "version", or
   "ranks" alone. */
#include <stdlib.h>
#include <string.h>

#include "comm/mpi_plugin.h"

static int lacks(const char* what) {
  const char* named = getenv("FAKE_MPI");
  return named != NULL && strcmp(named, what) == 0;
}

static int open_mpi(int* rank, int* size, int* serialized) {
  *rank = 0;
  *size = lacks("ranks") ? 1 : 2;
  *serialized = !lacks("threads");
  return lacks("start");
}
static int close_mpi(void) { return 0; }
static void error_text(int code, char* text, int size) {
  (void)code;
  strncpy(text, "no network", (size_t)size);
}
static void library(char* text, int size) { strncpy(text, "Fake MPI v1.0, of a test", (size_t)size); }
static int send_bytes(const void* bytes, int count, int rank, int tag, srwm_mpi_request* request) {
  (void)bytes, (void)count, (void)rank, (void)tag, (void)request;
  return 0;
}
static int receive_bytes(void* bytes, int count, int rank, int tag, srwm_mpi_request* request) {
  (void)bytes, (void)count, (void)rank, (void)tag, (void)request;
  return 0;
}
static int test(srwm_mpi_request* request, int* done) {
  (void)request;
  *done = 0;
  return 0;
}
static int cancel(srwm_mpi_request* request) {
  (void)request;
  return 0;
}

const srwm_mpi* srwm_mpi_table(void) {
  static srwm_mpi table = {SRWM_MPI_INTERFACE, open_mpi, close_mpi, error_text, library,
                           send_bytes, receive_bytes, test, cancel};
  table.interface_version = lacks("version") ? SRWM_MPI_INTERFACE + 1 : SRWM_MPI_INTERFACE;
  return &table;
}
