#include "tokenizer/corpus.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

// Bytes of the line at the start of `text`, its terminator included.
std::size_t LineLength(std::string_view text) {
  const std::size_t newline = text.find('\n');
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::size_t DocumentLength(std::string_view text, Documents documents) {
  switch (documents) {
    case Documents::kLine:
      return LineLength(text);
    case Documents::kFile:
      return text.size();
    case Documents::kParagraph:
      break;
  }
  std::size_t end = 0;
  bool blank_seen = false;
  bool text_seen = false;
  while (end < text.size()) {
    const std::size_t length = LineLength(text.substr(end));
    const bool blank = IsBlank(text.substr(end, length));
    if (!blank && blank_seen && text_seen) break;
    blank_seen = blank;
    text_seen = text_seen || !blank;
    end += length;
  }
  return end;
}

}  // namespace

std::string_view DocumentsName(Documents documents) {
  switch (documents) {
    case Documents::kLine:
      return "line";
    case Documents::kParagraph:
      return "paragraph";
    case Documents::kFile:
      return "file";
  }
  return "";
}

StatusOr<Documents> ParseDocuments(std::string_view name) {
  for (const Documents documents : {Documents::kLine, Documents::kParagraph, Documents::kFile}) {
    if (DocumentsName(documents) == name) return documents;
  }
  return InvalidArgumentError(
      Cat("documents: \"", name, "\" is not known, expected line, paragraph or file"));
}

Status ForEachBatch(
    const Corpus& corpus, Documents documents,
    const std::function<void(std::span<const std::string_view> documents, double fraction)>& f) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(corpus.path));
  const std::string_view bytes = file.bytes();
  std::vector<std::string_view> batch;
  std::size_t batch_bytes = 0;
  for (std::size_t position = 0; position < bytes.size();) {
    const std::size_t length = DocumentLength(bytes.substr(position), documents);
    batch.push_back(bytes.substr(position, length));
    batch_bytes += length;
    position += length;
    if (batch_bytes >= kBatchBytes || position == bytes.size()) {
      f(batch, static_cast<double>(position) / static_cast<double>(bytes.size()));
      batch.clear();
      batch_bytes = 0;
    }
  }
  return absl::OkStatus();
}

StatusOr<DocumentList> ReadDocuments(const std::vector<Corpus>& corpora, Documents documents) {
  DocumentList list;
  const auto files = std::make_shared<std::vector<MappedFile>>();
  for (const Corpus& corpus : corpora) {
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(corpus.path));
    std::string_view bytes = file.bytes();
    files->push_back(std::move(file));
    while (!bytes.empty()) {
      list.documents.push_back(bytes.substr(0, DocumentLength(bytes, documents)));
      bytes.remove_prefix(list.documents.back().size());
    }
  }
  list.files = files;
  return list;
}

}  // namespace tokgraft
