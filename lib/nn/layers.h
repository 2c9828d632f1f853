// The small building blocks of the models: a class each that owns its parameters and applies its op.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/tape.h"
#include "nn/forward_mode.h"
#include "nn/parameters.h"

namespace srwm {

/// torch.nn.Linear: y = x weight^T + bias over the last axis; weight, bias ~ U(-1/sqrt(in), 1/sqrt(in)).
class LinearLayer {
 public:
  LinearLayer(ParameterSet& set, const std::string& prefix, std::int64_t in, std::int64_t out, bool bias = true);
  Variable operator()(Tape& tape, const Variable& x) const;

 private:
  std::string name_;
  Parameter* weight_;
  Parameter* bias_ = nullptr;
};

/// torch.nn.Conv2d with 3x3 weights, stride 1, padding 1 and a bias, on images [M, H, W, C]; initial values as for
/// LinearLayer with 9 C inputs.
class ConvolutionLayer {
 public:
  ConvolutionLayer(ParameterSet& set, const std::string& prefix, std::int64_t in, std::int64_t out);
  Variable operator()(Tape& tape, const Variable& x) const;

 private:
  std::string name_;
  Parameter *weight_, *bias_;
};

/// torch.nn.LayerNorm over the last axis, eps 1e-5.
class LayerNormLayer {
 public:
  LayerNormLayer(ParameterSet& set, const std::string& prefix, std::int64_t width);
  Variable operator()(Tape& tape, const Variable& x) const;

 private:
  std::string name_;
  Parameter* weight_;
  Parameter* bias_;
};

/// torch.nn.Dropout or, for whole channels of images [M, H, W, C], torch.nn.Dropout2d. The site number is what tells
/// the masks of a model's dropouts apart.
class DropoutLayer {
 public:
  DropoutLayer(double p, std::uint32_t site, bool whole_channels = false)
      : p_(p), site_(site), whole_channels_(whole_channels) {}
  /// Identity where p is 0 or outside training.
  Variable operator()(Tape& tape, const Variable& x, ForwardMode mode) const;

 private:
  double p_;
  std::uint32_t site_;
  bool whole_channels_;
};

/// Hands out site numbers while a model is built.
class DropoutSites {
 public:
  std::uint32_t next() { return next_++; }

 private:
  std::uint32_t next_ = 0;
};

/// Elementwise sum and rectifier, for readable models.
Variable add(Tape& tape, const Variable& a, const Variable& b);
Variable relu(Tape& tape, const Variable& x);
/// Rows `rows` (i32) of x seen as [rows, width of the last axis]; all of them if `rows` is absent.
Variable select_rows(Tape& tape, const Variable& x, const Tensor& rows);

}  // namespace srwm
