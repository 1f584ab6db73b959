#include "vocab_merge/rules/token_list.h"

#include <algorithm>
#include <unordered_set>

namespace tokgraft {
namespace {

TokenClass ClassOf(const Piece& piece, const AddedToken* added) {
  if (added != nullptr) return added->special ? TokenClass::kSpecial : TokenClass::kDeclared;
  switch (piece.kind) {
    case PieceKind::kNormal:
      return TokenClass::kText;
    case PieceKind::kUserDefined:
      return TokenClass::kDeclared;
    case PieceKind::kByte:
      return TokenClass::kByte;
    case PieceKind::kControl:
    case PieceKind::kUnknown:
      return TokenClass::kSpecial;
    case PieceKind::kUnused:
      return TokenClass::kUnused;
  }
  return TokenClass::kText;
}

}  // namespace

std::vector<ListedToken> ListTokens(const TokenizerSpec& spec) {
  std::unordered_map<std::string_view, const AddedToken*> by_content;
  for (const AddedToken& token : spec.added_tokens) by_content.emplace(token.content, &token);
  std::vector<ListedToken> out;
  out.reserve(spec.vocab.size() + spec.added_tokens.size());
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    const auto it = by_content.find(piece.spelling);
    const AddedToken* added = it == by_content.end() ? nullptr : it->second;
    out.push_back({piece.id, ClassOf(piece, added), true,
                   added != nullptr ? std::string_view(added->content) : piece.bytes,
                   piece.spelling});
  }
  for (const AddedToken& token : spec.added_tokens) {
    if (spec.vocab.FindSpelling(token.content)) continue;
    out.push_back({token.id, token.special ? TokenClass::kSpecial : TokenClass::kDeclared, false,
                   token.content, token.content});
  }
  return out;
}

std::vector<ListedToken> FirstOfEachId(const std::vector<ListedToken>& tokens) {
  std::unordered_set<TokenId> seen;
  seen.reserve(tokens.size());
  std::vector<ListedToken> out;
  out.reserve(tokens.size());
  for (const ListedToken& token : tokens) {
    if (seen.insert(token.id).second) out.push_back(token);
  }
  return out;
}

std::unordered_map<TokenId, ListedToken> TokensById(const std::vector<ListedToken>& tokens) {
  std::unordered_map<TokenId, ListedToken> out;
  out.reserve(tokens.size());
  for (const ListedToken& token : tokens) out.emplace(token.id, token);
  return out;
}

bool IsOfferedText(const ListedToken& token) {
  if (token.bytes.empty()) return false;
  if (token.token_class == TokenClass::kText) return true;
  return token.token_class == TokenClass::kDeclared &&
         token.bytes.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace tokgraft
