// A corpus: a named plain text file, read as documents.
//
// A document is a line with its terminator (the default), a paragraph (lines up to and including
// the blank lines that follow), or the whole file. Concatenated, the documents are the file, byte
// for byte. Files of any size are read through a mapping: no more than one batch is touched at a
// time.
//
//   Corpus zh{.name = "zh", .path = "zh.txt"};
//   Status s = ForEachBatch(zh, Documents::kLine, [](std::span<const std::string_view> documents,
//                                                    double fraction) { ... });
#ifndef TOKGRAFT_TOKENIZER_CORPUS_H_
#define TOKGRAFT_TOKENIZER_CORPUS_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

enum class Documents { kLine, kParagraph, kFile };

// "line", "paragraph", "file".
std::string_view DocumentsName(Documents documents);
StatusOr<Documents> ParseDocuments(std::string_view name);

struct Corpus {
  std::string name;  // in reports
  std::string path;  // of the file
  friend bool operator==(const Corpus&, const Corpus&) = default;
};

// Calls f with the documents in order, in batches of about a megabyte (at least one document).
// `fraction` is how much of the file is done after this batch. The views are valid during the call.
// Errors: NotFound, InvalidArgument (not a regular file).
Status ForEachBatch(
    const Corpus& corpus, Documents documents,
    const std::function<void(std::span<const std::string_view> documents, double fraction)>& f);

// The documents of several corpora at once, in order; the views are valid as long as a copy of the
// value is. Errors: those of ForEachBatch.
struct DocumentList {
  std::vector<std::string_view> documents;
  std::shared_ptr<const void> files;  // what they look into
};
StatusOr<DocumentList> ReadDocuments(const std::vector<Corpus>& corpora, Documents documents);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CORPUS_H_
