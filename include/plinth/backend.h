/* The Plinth backend ABI: how a shared object teaches Plinth to serve one more kind of model.
 *
 * A backend is a file named libplinth_<name>.so that exports one C function,
 * plinth_backend_entry(), and nothing else. The host opens it with RTLD_LOCAL on first use, so its
 * symbols and those of the runtime that it links never meet those of another backend. This header
 * is all that a backend needs: it includes nothing of Plinth, and examples/backend-c/ is a whole
 * backend in plain C built against it alone.
 *
 * Life of a model, as the host calls it:
 *
 *     plinth_backend_entry()   once a process; gives the table of functions below
 *     probe()                  any number of times, any thread: "can you serve this path?"
 *     load() -> model          reads the files; may take seconds; never on a request's path
 *     describe(model)          once, right after load: the signature
 *     warm(model)              optional: makes the first real call as fast as the next
 *     execute(model, ...)      many times; from many threads at once only if the signature says so
 *     unload(model)            once, when no execute() is running
 *
 * Rules that hold everywhere:
 *
 * - Tensors are dense, row-major ("C order"), little-endian.
 * - Strings are NUL-terminated UTF-8. What the caller passes in stays valid until the function
 *   returns; what a backend gives back stays valid as its comment says.
 * - A function that can fail returns a plinth_status. On failure it leaves a message, one sentence
 *   that says what was wrong and what was expected, for last_error() on the same thread.
 * - No C++ exception and no longjmp may leave a backend's function. A failed call fails that one
 *   request or load: it must leave the model, and the process, as they were.
 * - Structures that may grow begin with struct_size, set by whoever fills them to sizeof of the
 *   version they know. New members are only ever added at the end; a reader looks at no member
 *   beyond struct_size.
 */
#ifndef PLINTH_BACKEND_H_
#define PLINTH_BACKEND_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a change is made that an older backend cannot survive. */
#define PLINTH_ABI_VERSION 1u

/* Why a call failed. The host maps these to HTTP and gRPC status codes. */
typedef enum plinth_status {
  PLINTH_OK = 0,
  /* The request or an option is wrong: the client must change it. HTTP 400. */
  PLINTH_INVALID_ARGUMENT = 1,
  /* A file or a name that was asked for is not there. HTTP 404. */
  PLINTH_NOT_FOUND = 2,
  /* The model's files are broken or use something unsupported. HTTP 422. */
  PLINTH_INVALID_MODEL = 3,
  /* A valid wish that this backend cannot fulfil. HTTP 501. */
  PLINTH_UNSUPPORTED = 4,
  /* Out of memory or of another resource; may work later. HTTP 503. */
  PLINTH_RESOURCE_EXHAUSTED = 5,
  /* Anything else, such as an error inside the runtime. HTTP 500. */
  PLINTH_INTERNAL = 6,
  /* execute() only: the call ended early because it was told to stop. HTTP 499. */
  PLINTH_CANCELLED = 7,
  /* execute() only: the call ended early because its deadline passed. HTTP 504. */
  PLINTH_DEADLINE_EXCEEDED = 8,
  /* What does the work is not there just now, a process that has died, say; may work later. HTTP
   * 503. */
  PLINTH_UNAVAILABLE = 9
} plinth_status;

/* Element types. The values are part of the ABI. */
typedef enum plinth_dtype {
  /* Only in a plinth_tensor_spec: the model does not say. Any type is passed on as it came. */
  PLINTH_DTYPE_ANY = 0,
  PLINTH_BOOL = 1, /* one byte, 0 or 1 */
  PLINTH_INT8 = 2,
  PLINTH_INT16 = 3,
  PLINTH_INT32 = 4,
  PLINTH_INT64 = 5,
  PLINTH_UINT8 = 6,
  PLINTH_UINT16 = 7,
  PLINTH_UINT32 = 8,
  PLINTH_UINT64 = 9,
  PLINTH_FP16 = 10,
  PLINTH_BF16 = 11,
  PLINTH_FP32 = 12,
  PLINTH_FP64 = 13,
  PLINTH_BYTES = 14 /* strings of any bytes; see plinth_tensor.offsets */
} plinth_dtype;

/* The most dimensions a tensor may have. */
#define PLINTH_MAX_RANK 16u

/* A tensor of one call. */
typedef struct plinth_tensor {
  const char* name;
  plinth_dtype dtype;   /* never PLINTH_DTYPE_ANY */
  uint32_t rank;        /* 0 is a scalar */
  const int64_t* shape; /* rank numbers, each >= 0 */
  /* The elements; byte_size bytes. Aligned to at least the element's size (64 bytes where the host
   * allocated it); NULL only if byte_size is 0. For PLINTH_BYTES: the contents of all strings one
   * behind the other. */
  const void* data;
  size_t byte_size;
  /* PLINTH_BYTES only, else NULL: element i is data[offsets[i] .. offsets[i + 1]). One number more
   * than there are elements; offsets[0] need not be 0 (a slice of a larger tensor), the numbers
   * never fall. */
  const uint64_t* offsets;
} plinth_tensor;

/* What a model says about one input or output. */
typedef struct plinth_tensor_spec {
  const char* name;
  plinth_dtype dtype;
  int32_t rank;         /* PLINTH_RANK_UNKNOWN where the model does not say */
  const int64_t* shape; /* rank numbers; -1 is a dimension that may vary from call to call */
  /* The axis along which requests may be joined into one call (0 as a rule), or -1: none. */
  int32_t batch_axis;
  int32_t optional; /* inputs only: 1 if a call may leave it out */
} plinth_tensor_spec;

#define PLINTH_RANK_UNKNOWN (-1)

/* What a model says about itself. */
typedef struct plinth_signature {
  size_t struct_size;
  size_t input_count;
  const plinth_tensor_spec* inputs;
  size_t output_count;
  const plinth_tensor_spec* outputs; /* in the order in which execute() gives them */
  /* 1: execute() may be called from several threads at once on this model. */
  int32_t concurrent;
  /* 1: the same inputs need not give the same outputs; answers are never cached. */
  int32_t stateful;
  /* input_count flags, or NULL where none is set: 1 if elements of that input may be missing. A
   * missing string is the one byte 0, a missing float NaN; clients write null for both in JSON. */
  const uint8_t* nullable_inputs;
  /* 1: execute() may wait for something else than the processor: another process, a lock, a call
   * of another model. Such a model is never executed on a thread that serves sockets. */
  int32_t waits;
  /* input_count flags, or NULL where none is set: 1 if the host is to fit what a client gives to
   * that input's spec. Where it is FP64, numbers and truth values of any type are then converted,
   * and dimensions of size 1 at the end of a shape are added or left out. Clients that must name
   * every tensor may call the only input of a model as they like. */
  const uint8_t* fitted_inputs;
  /* For a model whose only input is fitted, FP64, of shape [-1, column_count]: the names of its
   * columns. A client may then give each as an input of its own, [-1], under that name, and the
   * host puts them together. NULL where they have none. */
  size_t column_count;
  const char* const* columns;
  /* column_count flags, or NULL where none is set: 1 if nothing looks at that column. A client that
   * gives columns may then leave it out, or give anything. */
  const uint8_t* unused_columns;
  /* 1: a call may have any number of answers, each given by plinth_execute_request.respond();
   * execute() itself gives none. Answers are then never cached, and requests never joined. */
  int32_t decoupled;
  /* 1: execute() looks at the request's id or parameters. Requests whose parameters differ are then
   * neither joined nor answered by each other's cached answers. */
  int32_t uses_parameters;
} plinth_signature;

/* One setting of a load, from the deployment's configuration. Both are text; a backend that does
 * not know a key it is given answers PLINTH_INVALID_ARGUMENT and names those it knows. */
typedef struct plinth_option {
  const char* key;
  const char* value;
} plinth_option;

/* Keys that every backend understands, if only by checking and ignoring them:
 *   "threads"    decimal, how many threads one execute() may use; absent: the backend's choice
 * Keys of the backends that come with Plinth are in docs/api.md under "engine options". */

/* One file of a model's compiled form. */
typedef struct plinth_compiled_file {
  const char* name; /* as it was written, without a folder */
  const void* data; /* aligned to 64 bytes */
  size_t size;
} plinth_compiled_file;

/* The compiled form of a model, kept on disk from one load to the next: an optimised graph, say,
 * that takes less time to read than to make. The host finds it, checks that it is what was once
 * written, and bounds the space that it takes; a load that fails with it is tried again without.
 * A load calls find() at most once, and folder() at most once, from its own thread. */
typedef struct plinth_compiled {
  size_t struct_size;
  void* context;
  /* The files of the form that was kept by an earlier load of the same files with the same options
   * and declared tensors, by the same backend, on such a processor; in the order of their names.
   * Returns how many there are, 0 for none. They stay valid until the model is unloaded. `paths`
   * are all that the load depends on, files or folders, absolute. Every byte of them is read: for
   * a model that is quick to load this is not worth its time. */
  size_t (*find)(void* context, size_t path_count, const char* const* paths,
                 const plinth_compiled_file** files);
  /* After find() gave none: an empty folder, valid during load(). The files that lie in it when
   * load() has succeeded are the model's compiled form. NULL: nothing will be kept. */
  const char* (*folder)(void* context);
} plinth_compiled;

/* What is to be loaded. */
typedef struct plinth_load_request {
  size_t struct_size;
  const char* path; /* a file or a folder; absolute, within the model roots */
  size_t option_count;
  const plinth_option* options;
  /* A signature that the user wrote down in the configuration or in a model.json beside the model.
   * Counts of 0 where there is none. A model format that carries its own signature may ignore these
   * or check them; one that does not uses them. */
  size_t declared_input_count;
  const plinth_tensor_spec* declared_inputs;
  size_t declared_output_count;
  const plinth_tensor_spec* declared_outputs;
  /* For a backend whose load() is worth remembering; NULL where nothing is kept. */
  const plinth_compiled* compiled;
  /* The model and its version as users know them, "resnet/v2": for what is logged. */
  const char* name;
} plinth_load_request;

/* One output of execute(). The tensor, its name, shape, data and offsets, stays valid until the
 * host calls release(release_context), which it does exactly once, from any thread, possibly long
 * after execute() has returned and other calls have been made, but always before unload(). release
 * may be NULL for data that lives as long as the model. */
typedef struct plinth_output {
  plinth_tensor tensor;
  void* release_context;
  void (*release)(void* release_context);
} plinth_output;

/* One call. */
typedef struct plinth_execute_request {
  size_t struct_size;
  size_t input_count;
  /* In the order of the signature. Optional ones may be missing: match by name. */
  const plinth_tensor* inputs;
  /* How many outputs are wanted: the capacity of plinth_execute_response.outputs. */
  size_t output_count;
  const uint32_t* outputs; /* their indices in the signature, rising, without repetition */
  /* How the call learns that nobody wants its answer any more; NULL where it never will. A backend
   * that can end a call early gives `stop` here: from then on the host calls stop(stop_context) at
   * most once, on any thread, at once where the wish is older. stop must only make the call end
   * soon (set a flag, say): no waiting, no errors, no other function of this header. Before
   * stop_context dies, and before execute() returns, the backend takes its wish back with a stop of
   * NULL, after which stop is not running and will not be called. One stop at a time. A call that
   * was ended so answers PLINTH_CANCELLED; one that finished all the same answers as ever. */
  void (*on_cancel)(void* cancel_context, void (*stop)(void* stop_context), void* stop_context);
  void* cancel_context;
  /* When nobody waits for the answer any more, in nanoseconds of CLOCK_MONOTONIC; 0: never. A
   * backend that can end a call early does so then, with PLINTH_DEADLINE_EXCEEDED. */
  int64_t deadline_ns;
  /* For plinth_host.call(), from any thread until execute() returns. NULL where the model cannot
   * call others: its signature does not say that it waits, or no request is executed. */
  const void* caller;
  /* Of a model whose signature says that it is decoupled, else NULL: gives one answer, an output
   * for each that is wanted, in their order. From any thread, one at a time, until execute()
   * returns. The host takes the outputs over, whatever it answers, as those of execute(). `last`:
   * there will be no other; need not be said. May wait for a client that reads slowly. Anything but
   * PLINTH_OK: nobody wants another answer, and execute() is to fail, with whatever it likes. */
  plinth_status (*respond)(void* respond_context, const plinth_output* outputs, int32_t last);
  void* respond_context;
  /* Of a model whose signature says that it uses them; NULL where there are none. What the client
   * calls the request; none where requests are joined that are called differently. */
  const char* request_id;
  /* What the client gives beside the tensors: text of a JSON object. */
  const char* parameters;
} plinth_execute_request;

typedef struct plinth_execute_response {
  size_t struct_size;
  /* The host's memory: the backend fills element i for the i-th wanted output. */
  plinth_output* outputs;
} plinth_execute_response;

/* The model as the backend keeps it. */
typedef struct plinth_model plinth_model;

typedef enum plinth_log_level {
  PLINTH_LOG_DEBUG = 0,
  PLINTH_LOG_INFO = 1,
  PLINTH_LOG_WARNING = 2,
  PLINTH_LOG_ERROR = 3
} plinth_log_level;

/* The answer to a call of another model. All of it is valid only while done() runs, but for the
 * outputs' tensors: done() takes these over, as the host takes those of execute(), and calls each
 * release() exactly once, from any thread, before the model that called is unloaded. */
typedef struct plinth_call_result {
  size_t struct_size;
  plinth_status status;
  const char* code;    /* the error's name in the API, "NOT_FOUND"; "OK" */
  const char* message; /* what was wrong; "" */
  size_t output_count; /* 0 if the call failed */
  const plinth_output* outputs;
} plinth_call_result;

/* A call of another model of this process, on behalf of a running execute(), whose deadline,
 * priority and cancellation hold for it as well. A model that is already waiting for the caller
 * cannot be called: that would never end. */
typedef struct plinth_call {
  size_t struct_size;
  const void* caller; /* plinth_execute_request.caller */
  const char* model;
  const char* version; /* a version or label; NULL: as the model's traffic is split */
  size_t input_count;
  /* In any order. The host takes them over, whatever comes of the call: it calls each release()
   * exactly once, from any thread, and possibly long after done(). */
  const plinth_output* inputs;
  size_t output_count;        /* 0: all */
  const char* const* outputs; /* names of those that are wanted */
  int64_t deadline_ns;        /* earlier than the caller's; 0: the caller's */
  /* Called exactly once, from any thread, perhaps before call() returns, perhaps after the
   * execute() that called has returned. Must not wait. */
  void (*done)(void* context, const plinth_call_result* result);
  void* context;
  /* Where several answers are taken: called for each that a decoupled model gives, before done(),
   * whose result then has no outputs. From any thread, one at a time; the result is as that of
   * done(). May wait: the model that answers waits as well. NULL: one answer is taken, and a model
   * that gives more is PLINTH_UNSUPPORTED. Other models are answered for by done() alone. */
  void (*part)(void* context, const plinth_call_result* result);
  /* As of plinth_execute_request, for the model that is called; NULL: none. Text that is no JSON
   * object is PLINTH_INVALID_ARGUMENT. */
  const char* request_id;
  const char* parameters;
} plinth_call;

/* What the host offers; valid for the life of the process. */
typedef struct plinth_host {
  size_t struct_size;
  uint32_t abi_version;
  void (*log)(plinth_log_level level, const char* message); /* any thread */
  /* Begins a call of another model and returns. Several may run at once. What is wrong with it is
   * said to done(). NULL in a host whose models cannot call each other. */
  void (*call)(const plinth_call* call);
} plinth_host;

/* What the backend offers; valid for the life of the process. Every pointer must be set unless its
 * comment says "may be NULL". */
typedef struct plinth_backend {
  size_t struct_size;
  uint32_t abi_version; /* PLINTH_ABI_VERSION of the header that the backend was built with */
  const char* name;     /* "onnxruntime"; the <name> of the file */
  const char* version;  /* the backend's own version */
  /* The library that does the work and its version, "ONNX Runtime 1.32.0"; NULL if there is none.
   */
  const char* runtime;
  const char* frameworks; /* comma-separated names that users give as "framework": "onnx,pytorch" */

  /* 1 if the path looks like a model that load() could read, else 0. Looks at names and first bytes
   * only: fast, and no promise that load() succeeds. */
  int32_t (*probe)(const char* path);

  /* Reads a model. On success sets *model; on failure leaves it alone. */
  plinth_status (*load)(const plinth_load_request* request, plinth_model** model);

  /* The signature; valid until unload(). Cannot fail: what could, is done by load(). */
  const plinth_signature* (*describe)(const plinth_model* model);

  /* May be NULL: the host then runs one execute() with zeros where the signature allows that. */
  plinth_status (*warm)(plinth_model* model);

  /* Runs the model. On PLINTH_OK every wanted output is filled, but of a decoupled model none; on
   * failure none is, and none will be released. */
  plinth_status (*execute)(plinth_model* model, const plinth_execute_request* request,
                           plinth_execute_response* response);

  /* Frees everything. */
  void (*unload)(plinth_model* model);

  /* The message of the last failed call on the calling thread; valid until the next call on it.
   * Never NULL. */
  const char* (*last_error)(void);

  /* 1: a model is a program that may do whatever this process may. Such models are loaded from
   * the folders that the server's --allow-code names, and from nowhere else. */
  int32_t runs_code;
} plinth_backend;

/* Marks the one function that a backend exports; all else may be hidden (-fvisibility=hidden). */
#if defined(__GNUC__)
#define PLINTH_EXPORT __attribute__((visibility("default")))
#else
#define PLINTH_EXPORT
#endif

/* The entry: called once, before anything else, from one thread. Returns NULL if the backend cannot
 * work with this host or its runtime is not there; it then leaves the reason in *error (static text
 * or text that is never freed). The host refuses a table whose abi_version differs from its own. */
typedef const plinth_backend* (*plinth_backend_entry_fn)(const plinth_host* host,
                                                         const char** error);
PLINTH_EXPORT const plinth_backend* plinth_backend_entry(const plinth_host* host,
                                                         const char** error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PLINTH_BACKEND_H_ */
