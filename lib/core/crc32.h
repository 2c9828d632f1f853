// Cyclic redundancy checks of 32 bits.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace srwm {

/// Polynomials, lowest bit first.
inline constexpr std::uint32_t crc32_ieee = 0xedb88320;        ///< of zip and PNG
inline constexpr std::uint32_t crc32_castagnoli = 0x82f63b78;  ///< CRC-32C, of TensorBoard's event files

template <std::uint32_t polynomial>
constexpr std::array<std::uint32_t, 256> make_crc32_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0u);
    table[byte] = crc;
  }
  return table;
}

/// The remainder, with all bits inverted before and after.
template <std::uint32_t polynomial>
std::uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> table = make_crc32_table<polynomial>();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace srwm
