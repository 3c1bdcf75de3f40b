#include "compile/llvm/image.h"

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/JITLink/x86_64.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

namespace spyre::compile {

namespace {

namespace jitlink = llvm::jitlink;

bool is_relative(jitlink::Edge::Kind kind) {
  switch (kind) {
    case jitlink::x86_64::Delta32:
    case jitlink::x86_64::Delta64:
    case jitlink::x86_64::NegDelta32:
    case jitlink::x86_64::BranchPCRel32:
    case jitlink::x86_64::PCRel32GOTLoadRelaxable:
      return true;
    default:
      return kind < jitlink::Edge::FirstRelocation;
  }
}

// What the context hands out once linking is done: it is owned by JITLink.
struct Outcome {
  std::optional<MachineCode> image;
  std::string failure;
};

class CapturingContext final : public jitlink::JITLinkContext {
 public:
  CapturingContext(jitlink::JITLinkMemoryManager& memory, std::string_view entry, Outcome& outcome)
      : JITLinkContext(nullptr), memory_(memory), entry_(entry), outcome_(outcome) {}

  jitlink::JITLinkMemoryManager& getMemoryManager() override { return memory_; }
  void notifyFailed(llvm::Error error) override {
    outcome_.failure = llvm::toString(std::move(error));
  }
  void lookup(const LookupMap& symbols,
              std::unique_ptr<jitlink::JITLinkAsyncLookupContinuation> then) override {
    std::string names;
    for (const auto& [name, flags] : symbols) names += " " + name.str();
    then->run(llvm::make_error<llvm::StringError>("calls outside the routine:" + names,
                                                  llvm::inconvertibleErrorCode()));
  }
  llvm::Error notifyResolved(jitlink::LinkGraph&) override { return llvm::Error::success(); }
  void notifyFinalized(jitlink::JITLinkMemoryManager::FinalizedAlloc memory) override {
    // The bytes are captured: the memory itself is not kept.
    memory_.deallocate(std::move(memory),
                       [](llvm::Error error) { llvm::consumeError(std::move(error)); });
  }
  llvm::Error modifyPassConfig(jitlink::LinkGraph&, jitlink::PassConfiguration& passes) override {
    passes.PrePrunePasses.push_back([this](jitlink::LinkGraph& graph) { return keep(graph); });
    passes.PostFixupPasses.push_back([this](jitlink::LinkGraph& graph) { return take(graph); });
    return llvm::Error::success();
  }

 private:
  static llvm::Error failure(const std::string& text) {
    return llvm::make_error<llvm::StringError>(text, llvm::inconvertibleErrorCode());
  }

  // The entry, and with it what it uses; nothing else.
  llvm::Error keep(jitlink::LinkGraph& graph) {
    for (jitlink::Symbol* symbol : graph.defined_symbols()) {
      symbol->setLive(symbol->hasName() && std::string_view(symbol->getName()) == entry_);
    }
    return llvm::Error::success();
  }

  llvm::Error take(jitlink::LinkGraph& graph) {
    uint64_t begin = UINT64_MAX;
    uint64_t end = 0;
    for (jitlink::Block* block : graph.blocks()) {
      begin = std::min(begin, block->getAddress().getValue());
      end = std::max(end, block->getAddress().getValue() + block->getSize());
      for (const jitlink::Edge& edge : block->edges()) {
        if (!is_relative(edge.getKind())) {
          return failure(std::string("an absolute address: ") +
                         graph.getEdgeKindName(edge.getKind()));
        }
      }
    }
    // Where it is mapped, lines and vectors stay aligned.
    begin = begin / 4096 * 4096;
    MachineCode image{.bytes = std::string(end - begin, '\0'), .entry = -1};
    for (jitlink::Block* block : graph.blocks()) {
      if (block->isZeroFill()) continue;
      const auto content = block->getContent();
      std::memcpy(image.bytes.data() + (block->getAddress().getValue() - begin), content.data(),
                  content.size());
    }
    for (jitlink::Symbol* symbol : graph.defined_symbols()) {
      if (symbol->hasName() && std::string_view(symbol->getName()) == entry_) {
        image.entry = static_cast<int64_t>(symbol->getAddress().getValue() - begin);
      }
    }
    if (image.entry < 0) return failure("no entry");
    outcome_.image = std::move(image);
    return llvm::Error::success();
  }

  jitlink::JITLinkMemoryManager& memory_;
  const std::string_view entry_;
  Outcome& outcome_;
};

}  // namespace

Result<MachineCode> link_image(std::string_view object, std::string_view entry) {
  const llvm::MemoryBufferRef buffer(llvm::StringRef(object.data(), object.size()), "routine");
  auto graph = jitlink::createLinkGraphFromObject(buffer);
  if (!graph) {
    return error(Code::kUnsupported, "JITLink: {}", llvm::toString(graph.takeError()));
  }
  auto memory = jitlink::InProcessMemoryManager::Create();
  if (!memory) {
    return error(Code::kResourceExhausted, "JITLink: {}", llvm::toString(memory.takeError()));
  }
  Outcome outcome;
  jitlink::link(std::move(*graph), std::make_unique<CapturingContext>(**memory, entry, outcome));
  if (!outcome.image || !outcome.failure.empty()) {
    return error(Code::kUnsupported, "JITLink: {}", outcome.failure);
  }
  return std::move(*outcome.image);
}

}  // namespace spyre::compile
