// The script that a token is written in, and statistics of the old rows of each.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_PIECE_SCRIPT_H_
#define TOKGRAFT_EMBED_INIT_METHODS_PIECE_SCRIPT_H_

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "embed_init/methods/method.h"

namespace tokgraft {

// The script of most of the characters, of equally many the one that comes first. 0: of characters
// of no script in particular (digits, signs), or bytes that are no whole characters. Numbers are
// those of HfScript: kana are Han.
std::uint8_t ScriptOfPiece(std::string_view bytes);

// The script of each old row that has a token and finite numbers; 255 for the others and for tokens
// that are not text (control, unknown, unused).
inline constexpr std::uint8_t kNoScript = 255;
std::vector<std::uint8_t> ScriptsOfOldRows(const MethodInput& input);

// The median norm of the old rows of each script, and under kNoScript that of all.
std::map<std::uint8_t, double> MedianNorms(const MethodInput& input);
// Of the script, or of all where it has no old row.
double MedianNormOf(const std::map<std::uint8_t, double>& norms, std::uint8_t script);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_PIECE_SCRIPT_H_
