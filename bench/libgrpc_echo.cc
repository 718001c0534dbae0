// A gRPC server on libgrpc++'s asynchronous interface that sends every message of any unary method
// back, without parsing it: what a gRPC server in C++ usually costs at least.
//
//   libgrpc_echo PORT THREADS
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using grpc::ServerCompletionQueue;

// One call, from the wait for it to its end; the completion queue holds the only pointer.
class Call {
 public:
  Call(grpc::AsyncGenericService* service, ServerCompletionQueue* queue)
      : service_(service), queue_(queue), stream_(&context_) {
    service_->RequestCall(&context_, &stream_, queue_, queue_, this);
  }

  void Proceed(bool ok) {
    switch (state_) {
      case State::kWaiting:
        if (!ok) break;
        new Call(service_, queue_);
        state_ = State::kReading;
        return stream_.Read(&message_, this);
      case State::kReading:
        if (!ok) break;
        state_ = State::kEnding;
        return stream_.WriteAndFinish(message_, grpc::WriteOptions(), grpc::Status::OK, this);
      case State::kEnding:
        break;
    }
    delete this;
  }

 private:
  enum class State { kWaiting, kReading, kEnding };

  grpc::AsyncGenericService* const service_;
  ServerCompletionQueue* const queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer message_;
  State state_ = State::kWaiting;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  constexpr int kWaitingCalls = 128;
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::string(argv[1]), grpc::InsecureServerCredentials());
  builder.RegisterAsyncGenericService(&service);
  std::vector<std::unique_ptr<ServerCompletionQueue>> queues;
  for (int i = 0; i < std::atoi(argv[2]); ++i) queues.push_back(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::vector<std::thread> threads;
  for (const auto& queue : queues) {
    for (int i = 0; i < kWaitingCalls; ++i) new Call(&service, queue.get());
    threads.emplace_back([&queue] {
      void* call = nullptr;
      bool ok = false;
      while (queue->Next(&call, &ok)) static_cast<Call*>(call)->Proceed(ok);
    });
  }
  for (std::thread& thread : threads) thread.join();
}
