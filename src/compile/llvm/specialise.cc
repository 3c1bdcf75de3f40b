#include "compile/llvm/specialise.h"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Linker/Linker.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include <memory>
#include <mutex>

namespace spyre::compile {

namespace {

std::string host_features() {
  llvm::SubtargetFeatures features;
  for (const auto& each : llvm::sys::getHostCPUFeatures()) {
    features.AddFeature(each.first(), each.second);
  }
  return features.getString();
}

Result<std::unique_ptr<llvm::TargetMachine>> host_machine(const std::string& triple,
                                                          const std::string& features) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();  // tiles are assembly
  });
  std::string why;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, why);
  if (target == nullptr) return error(Code::kInternal, "LLVM: {}", why);
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, llvm::sys::getHostCPUName(), features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine) return error(Code::kInternal, "LLVM: no machine for {}", triple);
  return machine;
}

// One routine on its way; each has a context of its own, so that threads share nothing.
class Specialisation {
 public:
  Specialisation(const Routine& routine, const SpecialiseOptions& options)
      : routine_(routine), options_(options), features_(host_features()) {}

  Result<SpecialisedCode> run() {
    SPYRE_TRY(read_pieces());
    SPYRE_TRY_ASSIGN(machine_, host_machine(triple_, features_));
    SPYRE_TRY(build());
    SPYRE_TRY(take_pieces());
    prepare_functions();
    optimise();
    SPYRE_TRY(check_calls());
    return emit();
  }

 private:
  Status read_pieces() {
    auto buffer = llvm::MemoryBuffer::getMemBuffer(
        llvm::StringRef(options_.bitcode.data(), options_.bitcode.size()), "pieces", false);
    auto pieces = llvm::getOwningLazyBitcodeModule(std::move(buffer), context_);
    if (!pieces) {
      return error(Code::kInternal, "LLVM: {}", llvm::toString(pieces.takeError()));
    }
    pieces_ = std::move(*pieces);
    triple_ = pieces_->getTargetTriple();
    module_ = std::make_unique<llvm::Module>("routine", context_);
    module_->setTargetTriple(triple_);
    module_->setDataLayout(pieces_->getDataLayout());
    return {};
  }

  // The piece's constants as bytes that loads are folded from.
  llvm::Constant* constants_of(const kernels::Piece& piece) {
    const llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t*>(&piece), sizeof(piece));
    llvm::Constant* value = llvm::ConstantDataArray::get(context_, bytes);
    auto* global = new llvm::GlobalVariable(*module_, value->getType(), true,
                                            llvm::GlobalValue::PrivateLinkage, value, "constants");
    global->setAlignment(llvm::Align(64));
    return global;
  }

  Status build() {
    llvm::IRBuilder<> b(context_);
    llvm::Type* pointer = b.getPtrTy();
    llvm::Type* count = b.getInt64Ty();
    auto* type = llvm::FunctionType::get(b.getVoidTy(), {pointer, count, count, count}, false);
    entry_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage,
                                    llvm::StringRef(kEntry.data(), kEntry.size()), *module_);
    entry_->addParamAttr(0, llvm::Attribute::NoAlias);
    entry_->addParamAttr(0, llvm::Attribute::ReadOnly);
    llvm::Value* at = entry_->getArg(0);
    llvm::Value* rows = entry_->getArg(1);
    llvm::Value* begin = entry_->getArg(2);
    llvm::Value* end = entry_->getArg(3);
    if (routine_.rows != 0) rows = b.getInt64(static_cast<uint64_t>(routine_.rows));

    auto* start = llvm::BasicBlock::Create(context_, "start", entry_);
    b.SetInsertPoint(start);
    if (!routine_.one_by_one) {
      SPYRE_TRY(add_calls(b, at, rows, begin, end));
      b.CreateRetVoid();
      return verify();
    }
    auto* head = llvm::BasicBlock::Create(context_, "head", entry_);
    auto* body = llvm::BasicBlock::Create(context_, "body", entry_);
    auto* done = llvm::BasicBlock::Create(context_, "done", entry_);
    b.CreateBr(head);
    b.SetInsertPoint(head);
    llvm::PHINode* index = b.CreatePHI(count, 2);
    b.CreateCondBr(b.CreateICmpSLT(index, end), body, done);
    b.SetInsertPoint(body);
    llvm::Value* next = b.CreateAdd(index, b.getInt64(1));
    SPYRE_TRY(add_calls(b, at, rows, index, next));
    b.CreateBr(head);
    index->addIncoming(begin, start);
    index->addIncoming(next, body);
    b.SetInsertPoint(done);
    b.CreateRetVoid();
    return verify();
  }

  Status add_calls(llvm::IRBuilder<>& b, llvm::Value* at, llvm::Value* rows, llvm::Value* begin,
                   llvm::Value* end) {
    for (const kernels::PieceCall& call : routine_.calls) {
      const std::string name = kernels::symbol(call.kind, call.format);
      llvm::Function* piece = pieces_->getFunction(name);
      if (piece == nullptr) {
        return error(Code::kUnsupported, "piece {}: not in the compiler's bitcode", name);
      }
      const auto callee = module_->getOrInsertFunction(name, piece->getFunctionType());
      b.CreateCall(callee, {constants_of(call.piece), at, rows, begin, end});
    }
    return {};
  }

  Status verify() const {
    std::string why;
    llvm::raw_string_ostream stream(why);
    if (!llvm::verifyModule(*module_, &stream)) return {};
    return error(Code::kInternal, "LLVM: {}", why);
  }

  Status take_pieces() {
    if (llvm::Linker::linkModules(*module_, std::move(pieces_), llvm::Linker::LinkOnlyNeeded)) {
      return error(Code::kInternal, "LLVM: the pieces cannot be linked");
    }
    return {};
  }

  // Everything is to become one function for this very CPU. Without the host's attributes on both
  // sides LLVM may refuse to inline; libcalls must not come back out of loops.
  void prepare_functions() {
    for (llvm::Function& function : *module_) {
      if (function.isDeclaration()) continue;
      function.removeFnAttr(llvm::Attribute::NoInline);
      function.removeFnAttr(llvm::Attribute::OptimizeNone);
      function.removeFnAttr("tune-cpu");
      function.addFnAttr("target-cpu", llvm::sys::getHostCPUName());
      function.addFnAttr("target-features", features_);
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("no-builtins");
      if (&function == entry_) continue;
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      function.setVisibility(llvm::GlobalValue::DefaultVisibility);
      function.addFnAttr(llvm::Attribute::AlwaysInline);
    }
  }

  void optimise() {
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager components;
    llvm::ModuleAnalysisManager modules;
    llvm::PipelineTuningOptions tuning;
    tuning.LoopVectorization = false;  // kernels are vectors already
    tuning.SLPVectorization = false;
    tuning.LoopUnrolling = false;  // nor rolled where they should not be (measured: 2 % of a step)
    llvm::PassBuilder builder(machine_.get(), tuning);
    llvm::TargetLibraryInfoImpl library((llvm::Triple(triple_)));
    library.disableAllFunctions();
    functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(*module_, modules);
  }

  Status check_calls() const {
    for (const llvm::Instruction& each : llvm::instructions(*entry_)) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&each);
      if (call == nullptr || call->isInlineAsm()) continue;
      const llvm::Function* callee = call->getCalledFunction();
      if (callee != nullptr && callee->isIntrinsic()) continue;
      return error(Code::kUnsupported, "a call is left in the routine: {}",
                   callee == nullptr ? "of a pointer" : callee->getName().str());
    }
    return {};
  }

  Result<SpecialisedCode> emit() {
    SpecialisedCode code;
    if (options_.keep_text) {
      llvm::raw_string_ostream stream(code.llvm);
      module_->print(stream, nullptr);
      SPYRE_TRY_ASSIGN(code.assembly, emit_as(llvm::CodeGenFileType::AssemblyFile));
    }
    SPYRE_TRY_ASSIGN(code.object, emit_as(llvm::CodeGenFileType::ObjectFile));
    return code;
  }

  // Emitting changes the module; only the last may, hence a copy is not worth it for one dump.
  Result<std::string> emit_as(llvm::CodeGenFileType type) {
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    llvm::legacy::PassManager passes;
    if (machine_->addPassesToEmitFile(passes, stream, nullptr, type)) {
      return error(Code::kInternal, "LLVM: cannot emit for {}", triple_);
    }
    passes.run(*module_);
    return std::string(bytes.begin(), bytes.end());
  }

  const Routine& routine_;
  const SpecialiseOptions& options_;
  const std::string features_;
  std::string triple_;
  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> pieces_;
  std::unique_ptr<llvm::Module> module_;
  std::unique_ptr<llvm::TargetMachine> machine_;
  llvm::Function* entry_ = nullptr;
};

}  // namespace

Result<SpecialisedCode> specialise(const Routine& routine, const SpecialiseOptions& options) {
  return Specialisation(routine, options).run();
}

}  // namespace spyre::compile
