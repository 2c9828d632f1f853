// Every op, one line each. The struct of an op is declared in ops/<op>.h, its bodies are in reference/<op>.cpp,
// cpu/<op>.cpp and cuda/<op>.cpp.
#pragma once

/// CPU(Op): lib/ops/cpu has a fast body of it. REFERENCE(Op): the CPU runs the reference implementation, which is as
/// fast as memory or takes microseconds.
#define SRWM_ALL_OPS(CPU, REFERENCE) \
  REFERENCE(ActorCritic)             \
  REFERENCE(Add)                     \
  REFERENCE(AppendColumn)            \
  CPU(BatchNorm)                     \
  REFERENCE(BroadcastAdd)            \
  CPU(ChannelDropout)                \
  REFERENCE(ConcatOneHot)            \
  CPU(Conv3x3)                       \
  CPU(ConvBlock)                     \
  REFERENCE(CrossEntropy)            \
  CPU(DeltaNet)                      \
  CPU(Dropout)                       \
  REFERENCE(FlattenChw)              \
  REFERENCE(GlobalAvgPool)           \
  REFERENCE(HeadLinear)              \
  REFERENCE(KlDivergence)            \
  CPU(LayerNorm)                     \
  CPU(Linear)                        \
  CPU(LinearAttention)               \
  CPU(Lstm)                          \
  REFERENCE(MaskedFill)              \
  CPU(MaxPool2x2)                    \
  CPU(MaxPool3x3)                    \
  REFERENCE(MeanSquares)             \
  REFERENCE(PackSrwm)                \
  REFERENCE(Relu)                    \
  REFERENCE(SelectRows)              \
  REFERENCE(ShiftKeys)               \
  CPU(SoftmaxAttention)              \
  CPU(Srwm)                          \
  REFERENCE(SwapAxes)                \
  CPU(Vsml)                          \
  REFERENCE(WeightedSum)
