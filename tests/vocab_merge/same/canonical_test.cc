#include "vocab_merge/same/canonical.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using Edit = std::function<void(TokenizerSpec*)>;

TokenizerSpec Edited(const TokenizerSpec& spec, const Edit& edit) {
  TokenizerSpec out = spec;
  edit(&out);
  return out;
}

TEST(CanonicalTest, EachPartTellsOfItsOwnChangeOnly) {
  const TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  const Canonical before = CanonicalOf(spec);
  const std::vector<std::pair<std::string Canonical::*, Edit>> edits = {
      {&Canonical::reference, [](auto* s) { s->reference = Reference::kLlamaCpp; }},
      {&Canonical::pieces,
       [](auto* s) { s->vocab.Add({.id = 258, .bytes = "x", .spelling = "x"}); }},
      {&Canonical::model, [](auto* s) { toy::Bpe(s).ignore_merges = true; }},
      {&Canonical::merges,
       [](auto* s) { std::swap(toy::Bpe(s).merges[0], toy::Bpe(s).merges[1]); }},
      {&Canonical::added, [](auto* s) { s->added_tokens = {{.id = 300, .content = "<x>"}}; }},
      {&Canonical::normalizers, [](auto* s) { s->normalizers = {normalizer::Lowercase{}}; }},
      {&Canonical::pre_tokenizers, [](auto* s) { s->pre_tokenizers.clear(); }},
      {&Canonical::post_processors, [](auto* s) { s->add_bos = true; }},
      {&Canonical::decoders, [](auto* s) { s->decoders.reset(); }}};
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const auto& [part, edit] = edits[i];
    Canonical after = CanonicalOf(Edited(spec, edit));
    EXPECT_NE(after.*part, before.*part) << i;
    EXPECT_NE(HashOf(after), HashOf(before)) << i;
    after.*part = before.*part;
    EXPECT_EQ(after, before) << i;
  }
}

TEST(CanonicalTest, WhatDecidesNothingIsLeftOut) {
  const TokenizerSpec spec = toy::ByteLevel({{"a", "b"}});
  const std::vector<Edit> edits = {
      [](auto* s) { s->source = "other"; },
      [](auto* s) { s->rest["version"] = "1"; },
      [](auto* s) { s->format = Format::kGguf; },
      [](auto* s) { toy::Bpe(s).merges_as_pairs = false; },
      [](auto* s) { toy::Bpe(s).merges.push_back(toy::Bpe(s).merges[0]); },
      [](auto* s) {
        s->post_processors.emplace_back().template emplace<post_processor::ByteLevel>();
      },
      [](auto* s) {  // a score where none counts
        Vocab vocab;
        for (std::size_t i = 0; i < s->vocab.size(); ++i) {
          Piece piece = s->vocab.entry(i);
          piece.score = -1;
          vocab.Add(piece);
        }
        s->vocab = vocab;
      }};
  for (std::size_t i = 0; i < edits.size(); ++i) {
    EXPECT_EQ(CanonicalOf(Edited(spec, edits[i])), CanonicalOf(spec)) << i;
  }
}

TEST(CanonicalTest, ScoresCountWhereTheyDecide) {
  const auto scored = [](double score) {
    TokenizerSpec spec;
    spec.model = UnigramModel{};
    spec.vocab.Add({.id = 0, .bytes = "a", .spelling = "a", .score = score});
    return CanonicalOf(spec).pieces;
  };
  EXPECT_NE(scored(-1), scored(-2));
  EXPECT_EQ(scored(0.0), scored(-0.0));
}

TEST(CanonicalTest, TheSpellingCountsWhereItTellsThePlaceInTheWord) {
  const auto spelled = [](Spelling spelling, std::string_view text) {
    TokenizerSpec spec;
    spec.spelling = spelling;
    spec.vocab.Add({.id = 0, .bytes = "a", .spelling = text});
    return CanonicalOf(spec).pieces;
  };
  EXPECT_NE(spelled(Spelling::kWordPiece, "a"), spelled(Spelling::kWordPiece, "##a"));
  EXPECT_EQ(spelled(Spelling::kMetaspace, "a"), spelled(Spelling::kMetaspace, "<0x61>"));
}

TEST(CanonicalTest, OfARepeatedPairEachReferenceGoesByItsOwnLine) {
  TokenizerSpec twice = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  toy::Bpe(&twice).merges.push_back(toy::Bpe(&twice).merges[0]);
  TokenizerSpec first = twice;  // ab, cd
  toy::Bpe(&first).merges.pop_back();
  TokenizerSpec last = twice;  // cd, ab
  toy::Bpe(&last).merges.erase(toy::Bpe(&last).merges.begin());
  EXPECT_EQ(CanonicalOf(twice).merges, CanonicalOf(last).merges);
  twice.reference = Reference::kLlamaCpp;
  EXPECT_EQ(CanonicalOf(twice).merges, CanonicalOf(first).merges);
}

TEST(CanonicalTest, TheTokensAroundATextAreToldById) {
  TokenizerSpec spec = toy::Ranks({});
  spec.roles.bos = 7;
  EXPECT_EQ(CanonicalOf(spec).post_processors, "");
  spec.add_bos = true;
  spec.add_eos = true;
  EXPECT_EQ(CanonicalOf(spec).post_processors, "AddBos{7}AddEos{none}");
}

TEST(CanonicalTest, TheHashIsSha256OfThePartsWithTheirLengths) {
  // Nine empty parts are nine zero bytes.
  EXPECT_EQ(HashOf(Canonical()),
            "3e7077fd2f66d689e0cee6a7cf5b37bf2dca7c979af356d0a31cbc5c85605c7d");
  Canonical a;
  a.reference = "x";
  Canonical b;
  b.pieces = "x";
  EXPECT_NE(HashOf(a), HashOf(b));
}

TEST(CanonicalTest, ShowPartCutsALongOne) {
  EXPECT_EQ(ShowPart(""), "none");
  EXPECT_EQ(ShowPart(std::string(300, 'x')), std::string(300, 'x'));
  EXPECT_EQ(ShowPart(std::string(301, 'x')), std::string(300, 'x') + "...");
}

}  // namespace
}  // namespace tokgraft
