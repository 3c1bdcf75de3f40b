// Tiles: eight registers of up to 16 rows of 64 bytes, multiplied as matrices (Intel AMX). Kernels
// are written over one of two classes with the same names and the same bits: AmxTiles, the
// processor's (tiles_amx.h), and EmulatedTiles (tiles_emulated.h), which says what each operation
// means. An object sets the shapes of the calling thread's registers for as long as it lives.
//   zero<T>()             tile T = 0
//   load<T>(at, stride)   its rows from memory, so many bytes apart
//   store<T>(at, stride)
//   dot_s8_s8<C, A, B>()  C[m][n] += sum over k of A[m][k] * B[k / 4][4n + k % 4], int32, A and B
//   dot_s8_u8<C, A, B>()  signed bytes, or those of B unsigned
//   dot_bf16<C, A, B>()   C[m][n] += even + odd, of bf16: even is one FMA chain from 0 over
//   A[m][2k]
//                         * B[k][2n], odd one over A[m][2k+1] * B[k][2n+1], k ascending; denormals
//                         flushed
#pragma once

namespace spyre::kernels {

inline constexpr int kTiles = 8;
inline constexpr int kTileRows = 16;
inline constexpr int kTileRowBytes = 64;
inline constexpr int kTileBytes = kTileRows * kTileRowBytes;

struct TileShape {
  int rows;
  int row_bytes;
};

}  // namespace spyre::kernels
