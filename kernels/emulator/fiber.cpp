#include "kernels/emulator/fiber.h"

#include <cstdint>
#include <new>

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(__x86_64__)
#error "The emulator switches stacks in x86-64 assembly; configure with SRWM_CUDA_EMULATOR=OFF on this machine."
#endif

// Saves the callee-saved registers and the stack pointer in *save, then continues where `next` was saved.
extern "C" void srwm_emulator_switch(void** save, void* next);
// Where a fresh fiber begins: calls the function in r12 with the argument in rbx.
extern "C" void srwm_emulator_begin();
asm(R"(
  .text
  .globl srwm_emulator_switch, srwm_emulator_begin
  .type srwm_emulator_switch, @function
srwm_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size srwm_emulator_switch, .-srwm_emulator_switch

  .type srwm_emulator_begin, @function
srwm_emulator_begin:
  movq %rbx, %rdi
  call *%r12
  ud2
  .size srwm_emulator_begin, .-srwm_emulator_begin
)");

namespace srwm::emulator {
namespace {

constexpr std::size_t stack_bytes = std::size_t{128} << 10;
constexpr std::size_t registers = 6;

}  // namespace

Fiber::Fiber() {
  stack_ = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack_ == MAP_FAILED) throw std::bad_alloc();
  mprotect(stack_, 4096, PROT_NONE);  // a stack that overflows ends the program instead of writing elsewhere
}

Fiber::~Fiber() {
  munmap(stack_, stack_bytes);
}

void Fiber::start(void (*function)(void*), void* argument) {
  function_ = function;
  argument_ = argument;
  // What srwm_emulator_switch pops: r15, r14, r13, r12, rbx, rbp, then the address it returns to. After that the stack
  // pointer is a multiple of 16, as it has to be before a call.
  auto* top = reinterpret_cast<void**>(static_cast<char*>(stack_) + stack_bytes) - 9;
  top[0] = top[1] = top[2] = top[5] = nullptr;
  top[3] = reinterpret_cast<void*>(&Fiber::enter);
  top[4] = this;
  top[registers] = reinterpret_cast<void*>(&srwm_emulator_begin);
  stack_pointer_ = top;
  running_ = true;
}

bool Fiber::resume() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&sanitizer_caller_, stack_, stack_bytes);
#endif
  srwm_emulator_switch(&caller_pointer_, stack_pointer_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(sanitizer_caller_, nullptr, nullptr);
#endif
  return running_;
}

void Fiber::suspend() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(running_ ? &sanitizer_fiber_ : nullptr, caller_stack_, caller_stack_bytes_);
#endif
  srwm_emulator_switch(&stack_pointer_, caller_pointer_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(sanitizer_fiber_, &caller_stack_, &caller_stack_bytes_);
#endif
}

void Fiber::enter(Fiber* self) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &self->caller_stack_, &self->caller_stack_bytes_);
#endif
  self->function_(self->argument_);
  self->running_ = false;
  self->suspend();
}

}  // namespace srwm::emulator
