/* Takes the backend through the life of a model, as the host does: usage: linear_test LIBRARY
 * MODEL. Exits 0 if all is as it should be. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plinth/backend.h"

static int g_failures = 0;

static void check(int condition, int line, const char* text) {
  if (condition) return;
  fprintf(stderr, "linear_test.c:%d: failed: %s\n", line, text);
  ++g_failures;
}
#define CHECK(condition) check((condition) != 0, __LINE__, #condition)

static void log_message(plinth_log_level level, const char* message) {
  printf("log %d: %s\n", (int)level, message);
}

static const plinth_backend* open_backend(const char* path) {
  static const plinth_host host = {
      .struct_size = sizeof(plinth_host), .abi_version = PLINTH_ABI_VERSION, .log = log_message};
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  plinth_backend_entry_fn entry = NULL;
  *(void**)&entry = dlsym(library, "plinth_backend_entry");
  const char* error = NULL;
  const plinth_backend* backend = entry == NULL ? NULL : entry(&host, &error);
  if (backend == NULL) {
    fprintf(stderr, "no backend: %s\n", error == NULL ? "no entry" : error);
    exit(1);
  }
  return backend;
}

static void test_wrong_host(const char* path) {
  static const plinth_host other = {.struct_size = sizeof(plinth_host),
                                    .abi_version = PLINTH_ABI_VERSION + 1,
                                    .log = log_message};
  plinth_backend_entry_fn entry = NULL;
  *(void**)&entry = dlsym(dlopen(path, RTLD_NOW | RTLD_LOCAL), "plinth_backend_entry");
  const char* error = NULL;
  CHECK(entry(&other, &error) == NULL);
  CHECK(error != NULL && strstr(error, "version") != NULL);
}

static plinth_status load(const plinth_backend* backend, const char* path,
                          const plinth_option* option, plinth_model** model) {
  const plinth_load_request request = {.struct_size = sizeof request,
                                       .path = path,
                                       .option_count = option == NULL ? 0 : 1,
                                       .options = option};
  return backend->load(&request, model);
}

static void test_broken_models(const plinth_backend* backend) {
  static const char* const kBroken[] = {"",
                                        "nonsense",
                                        "linear 2",
                                        "linear 0 3\n",
                                        "linear 2 2\n1 2 3",
                                        "linear 99999999 1\n",
                                        "linear 1 1\nnan 1",
                                        "linear -1 2\n1 1 1"};
  char path[] = "/tmp/plinth-linear-XXXXXX";
  const int file = mkstemp(path);
  CHECK(file >= 0);
  for (size_t i = 0; i < sizeof kBroken / sizeof kBroken[0]; ++i) {
    CHECK(ftruncate(file, 0) == 0);
    CHECK(pwrite(file, kBroken[i], strlen(kBroken[i]), 0) == (ssize_t)strlen(kBroken[i]));
    plinth_model* model = NULL;
    CHECK(load(backend, path, NULL, &model) == PLINTH_INVALID_MODEL);
    CHECK(model == NULL);
    CHECK(backend->last_error()[0] != '\0');
  }
  close(file);
  unlink(path);
  plinth_model* model = NULL;
  CHECK(load(backend, path, NULL, &model) == PLINTH_NOT_FOUND);
}

static void test_options(const plinth_backend* backend, const char* path) {
  const plinth_option unknown = {"speed", "high"};
  plinth_model* model = NULL;
  CHECK(load(backend, path, &unknown, &model) == PLINTH_INVALID_ARGUMENT);
  CHECK(strstr(backend->last_error(), "'speed'") != NULL);
  const plinth_option threads = {"threads", "4"};
  CHECK(load(backend, path, &threads, &model) == PLINTH_OK);
  backend->unload(model);
}

static plinth_status run(const plinth_backend* backend, plinth_model* model, const int64_t* shape,
                         const float* x, plinth_output* output) {
  const plinth_tensor input = {.name = "x",
                               .dtype = PLINTH_FP32,
                               .rank = 2,
                               .shape = shape,
                               .data = x,
                               .byte_size = (size_t)(shape[0] * shape[1]) * sizeof(float)};
  const uint32_t wanted = 0;
  const plinth_execute_request request = {.struct_size = sizeof request,
                                          .input_count = 1,
                                          .inputs = &input,
                                          .output_count = 1,
                                          .outputs = &wanted};
  plinth_execute_response response = {sizeof response, output};
  return backend->execute(model, &request, &response);
}

static void test_life(const plinth_backend* backend, const char* path) {
  plinth_model* model = NULL;
  CHECK(load(backend, path, NULL, &model) == PLINTH_OK);
  const plinth_signature* signature = backend->describe(model);
  CHECK(signature->input_count == 1 && signature->output_count == 1);
  CHECK(strcmp(signature->inputs[0].name, "x") == 0);
  CHECK(signature->inputs[0].shape[0] == -1 && signature->inputs[0].shape[1] == 3);
  CHECK(signature->inputs[0].batch_axis == 0);
  CHECK(signature->concurrent == 1);

  const int64_t shape[2] = {2, 3};
  const float x[6] = {1, 2, 3, 0, 0, 0};
  plinth_output first = {0};
  plinth_output second = {0};
  CHECK(run(backend, model, shape, x, &first) == PLINTH_OK);
  CHECK(run(backend, model, shape, x, &second) == PLINTH_OK);
  second.release(second.release_context);
  /* model.linear: W = [[1, 0, 0], [0, 1, 1]], b = [10, 20] */
  const float expected[4] = {11, 25, 10, 20};
  CHECK(first.tensor.rank == 2 && first.tensor.shape[0] == 2 && first.tensor.shape[1] == 2);
  CHECK(first.tensor.byte_size == sizeof expected);
  const float* y = first.tensor.data;
  for (size_t i = 0; i < 4; ++i) CHECK(y[i] == expected[i]);
  first.release(first.release_context);

  const int64_t none[2] = {0, 3};
  CHECK(run(backend, model, none, x, &first) == PLINTH_OK);
  CHECK(first.tensor.byte_size == 0);
  first.release(first.release_context);

  const int64_t wrong[2] = {3, 2};
  CHECK(run(backend, model, wrong, x, &first) == PLINTH_INVALID_ARGUMENT);
  CHECK(strstr(backend->last_error(), "[-1, 3]") != NULL);
  backend->unload(model);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s LIBRARY MODEL\n", argv[0]);
    return 2;
  }
  const plinth_backend* backend = open_backend(argv[1]);
  CHECK(backend->abi_version == PLINTH_ABI_VERSION);
  CHECK(strcmp(backend->name, "linear") == 0);
  CHECK(backend->probe(argv[2]) == 1);
  CHECK(backend->probe("model.onnx") == 0);
  test_wrong_host(argv[1]);
  test_broken_models(backend);
  test_options(backend, argv[2]);
  test_life(backend, argv[2]);
  printf("%s\n", g_failures == 0 ? "all is well" : "something is wrong");
  return g_failures == 0 ? 0 : 1;
}
