#include "embed_init/vectors/vector_file.h"

#include "embed_init/alignment/word_vectors.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {

StatusOr<VectorFile> ReadVectorFile(const std::string& path,
                                    const std::function<bool(std::string_view)>& wants,
                                    const std::function<void(double)>& progress) {
  VectorFile file;
  TOKGRAFT_RETURN_IF_ERROR(ForEachWordBlock(path, 0, [&](const WordBlock& block) {
    file.columns = block.columns;
    file.lines += block.words.size();
    for (std::size_t i = 0; i < block.words.size(); ++i) {
      if (!wants(block.words[i])) continue;
      const auto row = static_cast<std::uint32_t>(file.rows.size());
      if (!file.rows.emplace(block.words[i], row).second) {
        ++file.repeated;
        continue;
      }
      const std::span<const float> vector = block.vector(i);
      file.values.insert(file.values.end(), vector.begin(), vector.end());
    }
    if (progress) progress(block.fraction);
  }));
  return file;
}

std::vector<std::string> SpellingsOf(std::string_view bytes) {
  std::vector<std::string> spellings;
  if (IsValidUtf8(bytes) && bytes.find_first_of("\r\n") == std::string_view::npos) {
    std::string marked;
    for (const char c : bytes) marked += c == ' ' ? std::string("▁") : std::string(1, c);
    spellings.push_back(std::move(marked));  // the text itself where it has no space
  }
  std::string in_alphabet = ToByteAlphabet(bytes);
  if (spellings.empty() || spellings.front() != in_alphabet) {
    spellings.push_back(std::move(in_alphabet));
  }
  return spellings;
}

}  // namespace tokgraft
