// The manifest as the text of its file.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_MANIFEST_JSON_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_MANIFEST_JSON_H_

#include <string>
#include <string_view>

#include "embed_init/manifest.h"
#include "tokenizer/status.h"

namespace tokgraft {

inline constexpr std::string_view kManifestName = "tokgraft.json";
inline constexpr std::string_view kRowsName = "tokgraft_rows.json";
inline constexpr std::string_view kReportName =
    "init_report.json";  // has times: not in the manifest
// Origins longer than this stand in a file of their own.
inline constexpr std::size_t kInlineRowsBytes = std::size_t{64} << 10;

// `rows` is the JSON of the origins to stand inline, or empty: then they are in kRowsName.
std::string ManifestToJson(const Manifest& manifest, std::string_view rows);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_MANIFEST_JSON_H_
