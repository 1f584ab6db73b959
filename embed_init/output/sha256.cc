#include "embed_init/output/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "embed_init/output/file_io.h"

namespace tokgraft {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::Hex() {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &size);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex.push_back("0123456789abcdef"[byte >> 4]);
    hex.push_back("0123456789abcdef"[byte & 15]);
  }
  return hex;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Hex();
}

StatusOr<FileHash> HashFile(const std::string& path) {
  TOKGRAFT_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  Sha256 hash;
  FileHash result{.size_bytes = file.size_bytes()};
  TOKGRAFT_RETURN_IF_ERROR(file.ForEachBlock(0, file.size_bytes(), [&](std::string_view block) {
    hash.Update(block);
    return absl::OkStatus();
  }));
  result.sha256 = hash.Hex();
  return result;
}

}  // namespace tokgraft
