// Agglomerates a volume with waterz itself, for expected outputs. waterz is not part of this repository; see README.md.
//
//   reference AFFINITIES FRAGMENTS D H W OUT THRESHOLD...
//
// AFFINITIES: float32 [3, D, H, W]; FRAGMENTS: uint32 [D, H, W]; writes OUT.0, OUT.1, ... (uint32, one for each
// threshold) and the number of merges of each threshold, one a line, to standard error.
#include <boost/multi_array.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "frontend_agglomerate.h"

template <typename T>
static std::vector<T> load(const char* path, std::size_t n) {
  std::vector<T> values(n);
  std::ifstream in(path, std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(values.data()), n * sizeof(T))) {
    std::fprintf(stderr, "%s is too short\n", path);
    std::exit(1);
  }
  return values;
}

int main(int argc, char** argv) {
  if (argc < 8) return 2;
  const std::size_t d = std::atoi(argv[3]), h = std::atoi(argv[4]), w = std::atoi(argv[5]), n = d * h * w;
  const auto affinities = load<float>(argv[1], 3 * n);
  const auto narrow = load<uint32_t>(argv[2], n);
  std::vector<uint64_t> labels(narrow.begin(), narrow.end());
  WaterzState state = initialize(d, h, w, affinities.data(), labels.data(), NULL, .0001, .9999, false);
  for (int i = 7; i < argc; i++) {
    std::fprintf(stderr, "%zu\n", mergeUntil(state, std::atof(argv[i])).size());
    const std::vector<uint32_t> out(labels.begin(), labels.end());
    std::ofstream(std::string(argv[6]) + "." + std::to_string(i - 7), std::ios::binary)
        .write(reinterpret_cast<const char*>(out.data()), n * sizeof(uint32_t));
  }
}
