#include "tasks/fewshot/pictures.h"

namespace srwm {
namespace {

constexpr std::string_view whole = R"(
     images of an episode               labels of an episode
              |                                  |
    encoder (model.vision)            one-hot; a query and what has
              |                       no label yet get class 0
          features                               |
              |                                  |
              +------- side by side -------------+
                            |
                   core (model.core), step by step:
                   what it has seen stays in its state
                            |
                  linear to n_way logits, softmax
)";

constexpr std::string_view conv4 = R"(
      image H x W
          |
    +-----|---------------------------------+
    |   3x3 convolution with bias           |
    |   batch-norm                          |  four times,
    |   2x2 max-pool                        |  `channels` channels each
    |   dropout                             |
    |   ReLU                                |
    +-----|---------------------------------+
          |
      channels x H/16 x W/16 features
)";

constexpr std::string_view res12 = R"(
      image H x W
          |
    +-----|-----------------------------------------------+
    |     x ----------------------------+                 |
    |     |                             |                 |
    |   3x3 convolution                 |                 |
    |   batch-norm, LeakyReLU 0.1       |                 |
    |   dropout *                       |                 |
    |   3x3 convolution           1x1 convolution         |  four times, channels:
    |   batch-norm, LeakyReLU 0.1   batch-norm            |    base  64,  96, 128, 256
    |   dropout *                       |                 |    big   64, 128, 256, 512
    |   3x3 convolution                 |                 |  (with `channels` 64)
    |   batch-norm                      |                 |
    |     |                             |                 |
    |     + <---------------------------+                 |
    |   LeakyReLU 0.1                                     |
    |   2x2 max-pool                                      |  * with dropout_kind
    |   dropout                                           |    inblock and 2d_inblock
    +-----|-----------------------------------------------+
          |
      mean over space: 256 features (big: 512)
)";

constexpr std::string_view srwm_core = R"(
      [features, label]
          |
      linear to `hidden`
          |
    +-----|------------------------------------------------------+
    |     x --------------------------------------------+        |
    |     |                                             |        |
    |   in each head, with a matrix W of its own:       |        |
    |     [y, q, k, b] = W phi(x)                       |        |
    |     W += sigmoid(b) (W softmax(q) -           LayerNorm *  |
    |          W softmax(k)) (x) softmax(k)             |        |  `layers` times
    |     |                                             |        |
    |     y of all heads: linear without bias, dropout  |        |
    |     |                                             |        |
    |     + <-------------------------------------------+        |
    |     |                                                      |
    |     x + dropout(linear(dropout(ReLU(linear(LayerNorm(x)))))|  inside: ff_factor * hidden
    +-----|------------------------------------------------------+
          |
      `hidden` outputs       phi: identity, or a softmax with input_softmax;  * unless layer_norm is false
)";

constexpr std::string_view delta_net = R"(
      [features, label]
          |
      linear to `hidden`
          |
    +-----|------------------------------------------------------+
    |     x --------------------------------------------+        |
    |     |                                             |        |
    |   LayerNorm                                       |        |
    |   linear without bias: q, k, v, b of each head    |        |
    |   in each head, from W = 0:                       |        |
    |     q, k <- f(q), f(k)                            |        |
    |     W += sigmoid(b) (v - W k) (x) k,  y = W q     |        |  `layers` times
    |     |                                             |        |
    |     y of all heads: linear without bias, dropout  |        |
    |     |                                             |        |
    |     + <-------------------------------------------+        |
    |     |                                                      |
    |     x + dropout(linear(dropout(ReLU(linear(LayerNorm(x)))))|  inside: ff_factor * hidden
    +-----|------------------------------------------------------+
          |
      `hidden` outputs                        f(z) = (elu(z) + 1) / sum(elu(z) + 1)
)";

constexpr std::string_view linear_transformer = R"(
      as "delta_net", but nothing is taken out of the memory again:

    |   linear without bias: q, k, v of each head       |
    |   in each head, from W = 0:                       |
    |     q, k <- f(q), f(k)                            |
    |     W += v (x) k,  y = W q                        |
)";

constexpr std::string_view transformer = R"(
      as "delta_net", but all keys and values are kept:

    |   linear without bias: q, k, v of each head       |
    |   in each head:                                   |
    |     y = sum over steps j so far of a_j v_j,       |
    |     a = softmax over j of q . k_j / sqrt(d)       |

      no positional encoding: order shows only in who can see whom
)";

constexpr std::string_view lstm = R"(
      [features, label]
          |
    +-----|------------------------------------------+
    |   [i, f, g, o] = W_ih x + W_hh h + b_ih + b_hh |
    |   c = sigmoid(f) c + sigmoid(i) tanh(g)        |  `layers` times
    |   h = sigmoid(o) tanh(c)                       |
    +-----|------------------------------------------+
          |
      `hidden` outputs
)";

constexpr Picture all[] = {
    {"model", "", whole},
    {"model.vision.kind", "conv4", conv4},
    {"model.vision.kind", "res12", res12},
    {"model.core.kind", "srwm", srwm_core},
    {"model.core.kind", "delta_net", delta_net},
    {"model.core.kind", "linear_transformer", linear_transformer},
    {"model.core.kind", "transformer", transformer},
    {"model.core.kind", "lstm", lstm},
};

}  // namespace

std::span<const Picture> fewshot_pictures() {
  return all;
}

}  // namespace srwm
