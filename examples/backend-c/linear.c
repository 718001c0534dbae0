/* A backend for Plinth in plain C: y = W x + b, with the weights in a text file.
 *
 * It uses nothing of Plinth but the header plinth/backend.h. Read it from the bottom:
 * plinth_backend_entry() gives the host the table of functions; the functions follow above it in
 * the order of a model's life, backwards.
 *
 * A model is a file <name>.linear:
 *
 *     linear 2 3          y has 2 numbers, x has 3
 *     1 0 0               the rows of W
 *     0 1 1
 *     10 20               b
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plinth/backend.h"

/* More than this is a mistake in the file, or an attack: 4096 x 4096 floats are 64 MiB. */
#define MAX_SIZE 4096

/* What the host calls plinth_model: opaque to it, ours to define. */
struct plinth_model {
  size_t rows;    /* of W: how many numbers y has */
  size_t columns; /* of W: how many numbers x has */
  float* weights; /* rows x columns, row-major */
  float* bias;    /* rows */

  /* The signature points into the model, so it lives as long. */
  int64_t input_shape[2];
  int64_t output_shape[2];
  plinth_tensor_spec input;
  plinth_tensor_spec output;
  plinth_signature signature;
};

/* ---- errors: a status for the host, and a message kept for last_error() on the same thread */

static _Thread_local char g_error[512];

static const char* last_error(void) { return g_error; }

static plinth_status fail(plinth_status status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(g_error, sizeof g_error, format, arguments);
  va_end(arguments);
  return status;
}

/* ---- probe: cheap, by the name alone */

static int32_t probe(const char* path) {
  const size_t length = strlen(path);
  const char suffix[] = ".linear";
  const size_t suffix_length = sizeof suffix - 1;
  return length > suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

/* ---- load */

static void unload(plinth_model* model) {
  if (model == NULL) return;
  free(model->weights);
  free(model->bias);
  free(model);
}

/* Reads `count` finite numbers. */
static int read_numbers(FILE* file, float* numbers, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (fscanf(file, "%f", &numbers[i]) != 1 || !isfinite(numbers[i])) return 0;
  }
  return 1;
}

static plinth_status read_model(FILE* file, plinth_model* model) {
  unsigned long rows = 0;
  unsigned long columns = 0;
  /* Seven digits at most: no number overflows, and none is so large that the limit below misses it.
   */
  if (fscanf(file, "linear %7lu %7lu", &rows, &columns) != 2) {
    return fail(PLINTH_INVALID_MODEL, "the file must begin with \"linear ROWS COLUMNS\"");
  }
  if (rows < 1 || rows > MAX_SIZE || columns < 1 || columns > MAX_SIZE) {
    return fail(PLINTH_INVALID_MODEL,
                "the file says %lu rows and %lu columns; each must be from 1 to %d", rows, columns,
                MAX_SIZE);
  }
  model->rows = rows;
  model->columns = columns;
  model->weights = calloc(rows * columns, sizeof(float));
  model->bias = calloc(rows, sizeof(float));
  if (model->weights == NULL || model->bias == NULL)
    return fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  if (!read_numbers(file, model->weights, rows * columns) ||
      !read_numbers(file, model->bias, rows)) {
    return fail(PLINTH_INVALID_MODEL,
                "the file must hold %lu x %lu weights and then %lu biases, all finite numbers",
                rows, columns, rows);
  }
  return PLINTH_OK;
}

static void fill_signature(plinth_model* model) {
  model->input_shape[0] = -1; /* any number of rows: requests may be joined along axis 0 */
  model->input_shape[1] = (int64_t)model->columns;
  model->output_shape[0] = -1;
  model->output_shape[1] = (int64_t)model->rows;
  model->input = (plinth_tensor_spec){"x", PLINTH_FP32, 2, model->input_shape, 0, 0};
  model->output = (plinth_tensor_spec){"y", PLINTH_FP32, 2, model->output_shape, 0, 0};
  model->signature = (plinth_signature){.struct_size = sizeof(plinth_signature),
                                        .input_count = 1,
                                        .inputs = &model->input,
                                        .output_count = 1,
                                        .outputs = &model->output,
                                        .concurrent = 1, /* execute() only reads the model */
                                        .stateful = 0};
}

/* The one option that every backend must understand is "threads"; this one computes on the calling
 * thread and ignores it. */
static plinth_status check_options(const plinth_load_request* request) {
  for (size_t i = 0; i < request->option_count; ++i) {
    if (strcmp(request->options[i].key, "threads") != 0) {
      return fail(PLINTH_INVALID_ARGUMENT, "this engine has no option '%s'; it has: threads",
                  request->options[i].key);
    }
  }
  return PLINTH_OK;
}

static plinth_status load(const plinth_load_request* request, plinth_model** loaded) {
  plinth_status status = check_options(request);
  if (status != PLINTH_OK) return status;
  FILE* file = fopen(request->path, "r");
  if (file == NULL) {
    return fail(errno == ENOENT ? PLINTH_NOT_FOUND : PLINTH_INVALID_MODEL,
                "the model cannot be opened: %s", strerror(errno));
  }
  plinth_model* model = calloc(1, sizeof *model);
  if (model == NULL) {
    fclose(file);
    return fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  }
  status = read_model(file, model);
  fclose(file);
  if (status != PLINTH_OK) {
    unload(model);
    return status;
  }
  fill_signature(model);
  *loaded = model;
  return PLINTH_OK;
}

/* ---- describe */

static const plinth_signature* describe(const plinth_model* model) { return &model->signature; }

/* ---- execute */

/* An output's memory: what the host gives back through release(). */
typedef struct answer {
  int64_t shape[2];
  float values[];
} answer;

static void release(void* context) { free(context); }

static plinth_status check_input(const plinth_model* model, const plinth_execute_request* request) {
  /* The host has matched names, types and shapes with the signature. A backend that trusts no one
   * checks again. */
  if (request->input_count != 1 || strcmp(request->inputs[0].name, "x") != 0) {
    return fail(PLINTH_INVALID_ARGUMENT, "exactly one input, 'x', is expected");
  }
  const plinth_tensor* x = &request->inputs[0];
  if (x->dtype != PLINTH_FP32 || x->rank != 2 || x->shape[1] != (int64_t)model->columns) {
    return fail(PLINTH_INVALID_ARGUMENT, "input 'x' must be FP32 of shape [-1, %zu]",
                model->columns);
  }
  if (x->shape[0] < 0 || (uint64_t)x->shape[0] > SIZE_MAX / sizeof(float) / MAX_SIZE - 1) {
    return fail(PLINTH_INVALID_ARGUMENT, "input 'x' has too many rows");
  }
  return PLINTH_OK;
}

static void compute(const plinth_model* model, const float* x, size_t count, float* y) {
  for (size_t i = 0; i < count; ++i) {
    for (size_t row = 0; row < model->rows; ++row) {
      const float* weights = model->weights + row * model->columns;
      float sum = model->bias[row];
      for (size_t column = 0; column < model->columns; ++column)
        sum += weights[column] * x[i * model->columns + column];
      y[i * model->rows + row] = sum;
    }
  }
}

static plinth_status execute(plinth_model* model, const plinth_execute_request* request,
                             plinth_execute_response* response) {
  const plinth_status status = check_input(model, request);
  if (status != PLINTH_OK) return status;
  if (request->output_count == 0) return PLINTH_OK; /* nothing is wanted */
  const plinth_tensor* x = &request->inputs[0];
  const size_t count = (size_t)x->shape[0];
  const size_t byte_size = count * model->rows * sizeof(float);
  answer* y = malloc(sizeof *y + byte_size);
  if (y == NULL) return fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  y->shape[0] = x->shape[0];
  y->shape[1] = (int64_t)model->rows;
  compute(model, x->data, count, y->values);
  response->outputs[0] = (plinth_output){.tensor = {.name = "y",
                                                    .dtype = PLINTH_FP32,
                                                    .rank = 2,
                                                    .shape = y->shape,
                                                    .data = y->values,
                                                    .byte_size = byte_size},
                                         .release_context = y,
                                         .release = release};
  return PLINTH_OK;
}

/* ---- entry */

static const plinth_backend backend = {
    .struct_size = sizeof(plinth_backend),
    .abi_version = PLINTH_ABI_VERSION,
    .name = "linear",
    .version = "1.0",
    .runtime = NULL,
    .frameworks = "linear",
    .probe = probe,
    .load = load,
    .describe = describe,
    .warm = NULL, /* nothing to prepare: the host runs one execute() with zeros */
    .execute = execute,
    .unload = unload,
    .last_error = last_error,
};

PLINTH_EXPORT const plinth_backend* plinth_backend_entry(const plinth_host* host,
                                                         const char** error) {
  if (host->abi_version != PLINTH_ABI_VERSION) {
    *error =
        "the host speaks another version of the backend ABI; build this backend against its header";
    return NULL;
  }
  host->log(PLINTH_LOG_DEBUG, "the linear backend is ready");
  return &backend;
}
