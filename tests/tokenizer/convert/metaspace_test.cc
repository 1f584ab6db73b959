// One step of a conversion between formats that spell a space as ▁. (Whole conversions, ids
// compared: convert_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"
#include "tokenizer/convert/draft.h"

namespace tokgraft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TokenizerSpec ListedMetaspace() {
  BpeModel model;
  model.unk = 0;
  model.has_unk = model.fuse_unk = true;
  model.unk_spelling = "<unk>";
  TokenizerSpec spec =
      toy::Spec({{"<unk>", 0, PieceKind::kUnknown}, {"▁"}, {"a"}, {"b"}, {"ab"}, {"▁a"}}, model);
  toy::AddMerges({{"▁", "a"}, {"a", "b"}}, &spec);
  spec.normalizers = {normalizer::Prepend{"▁"},
                      normalizer::Replace{{.text = " ", .is_regex = false}, "▁"}};
  return spec;
}
TokenizerSpec ScoredMetaspace() {
  return TokenizerJsonToSentencePiece(ListedMetaspace()).value()[0].spec;
}
std::string MetaspaceError(const StatusOr<Drafts>& drafts) {
  EXPECT_EQ(drafts.status().code(), absl::StatusCode::kUnimplemented);
  return std::string(Message(drafts.status()));
}

TEST(MetaspaceDraftTest, WordPieceAndUnknownModelsAreNone) {
  TokenizerSpec spec = ListedMetaspace();
  EXPECT_TRUE(IsMetaspace(spec));
  spec.model = UnigramModel{};
  EXPECT_TRUE(IsMetaspace(spec));
  spec.model = WordPieceModel{};
  EXPECT_FALSE(IsMetaspace(spec));
  spec.model = UnknownStage{"X", "{}"};
  EXPECT_FALSE(IsMetaspace(spec));
  spec = ListedMetaspace();
  spec.spelling = Spelling::kRaw;
  EXPECT_FALSE(IsMetaspace(spec));
}

TEST(MetaspaceDraftTest, MergesBecomeScoresInTheirOrder) {
  const Draft draft = TokenizerJsonToSentencePiece(ListedMetaspace()).value()[0];
  EXPECT_TRUE(draft.model_proved);
  EXPECT_THAT(draft.losses, IsEmpty());
  const Vocab& vocab = draft.spec.vocab;
  EXPECT_EQ(vocab.Get(5)->score, 0);   // ▁a, the first merge
  EXPECT_EQ(vocab.Get(4)->score, -1);  // ab
  EXPECT_LT(vocab.Get(1)->score, -1);  // what no merge makes stands behind
  EXPECT_EQ(vocab.Get(0)->kind, PieceKind::kUnknown);
  const auto& flags = std::get<normalizer::SentencePiece>(draft.spec.normalizers[0]);
  EXPECT_TRUE(flags.add_dummy_prefix);
  EXPECT_FALSE(flags.remove_extra_whitespaces);
  EXPECT_TRUE(flags.escape_whitespaces);
  EXPECT_EQ(draft.spec.roles.unk, 0U);
}

TEST(MetaspaceDraftTest, HolesAndAddedTokensBecomePieces) {
  TokenizerSpec spec = ListedMetaspace();
  spec.added_tokens = {{.id = 7, .content = "<x>", .special = true},
                       {.id = 8, .content = "a b", .special = false}};
  const Draft draft = TokenizerJsonToSentencePiece(spec).value()[0];
  EXPECT_EQ(draft.spec.vocab.Get(6)->spelling, "<unused_6>");
  EXPECT_EQ(draft.spec.vocab.Get(6)->kind, PieceKind::kControl);
  EXPECT_EQ(draft.spec.vocab.Get(7)->kind, PieceKind::kControl);
  EXPECT_EQ(draft.spec.vocab.Get(8)->kind, PieceKind::kUserDefined);
  EXPECT_EQ(draft.spec.vocab.Get(8)->spelling, "a▁b");
  EXPECT_EQ(draft.spec.vocab.Get(8)->bytes, "a b");
  EXPECT_THAT(draft.spec.added_tokens, IsEmpty());
  EXPECT_THAT(draft.notes, ElementsAre("1 ids without a piece are filled with control pieces"));
}

TEST(MetaspaceDraftTest, StagesWithoutWordsAreLosses) {
  TokenizerSpec spec = ListedMetaspace();
  spec.normalizers = {normalizer::Prepend{"x"}, normalizer::Lowercase{},
                      normalizer::Replace{{.text = "b", .is_regex = false}, "c"},
                      normalizer::Replace{{.text = " {2,}", .is_regex = true}, " "}};
  spec.pre_tokenizers = {pre_tokenizer::Metaspace{.replacement = "_"}, pre_tokenizer::Bert{}};
  const Draft draft = TokenizerJsonToSentencePiece(spec).value()[0];
  EXPECT_THAT(draft.losses,
              ElementsAre("a .model has no words for a Prepend of another text than ▁",
                          "a .model has no words for a normalizer of this tokenizer",
                          "a .model has no words for a Replace of \"b\"",
                          "a .model has no words for another space symbol than ▁",
                          "a .model has no words for a pre-tokenizer of this tokenizer"));
  EXPECT_TRUE(
      std::get<normalizer::SentencePiece>(draft.spec.normalizers[0]).remove_extra_whitespaces);
}

TEST(MetaspaceDraftTest, UnigramScoresAreRoundedToFloatsWithANote) {
  TokenizerSpec spec = toy::Spec({{"<unk>", 0}, {"▁a", -0.1}, {"b", -0.2}}, UnigramModel{.unk = 0});
  const Draft draft = TokenizerJsonToSentencePiece(spec).value()[0];
  EXPECT_EQ(draft.spec.vocab.Get(1)->score, static_cast<double>(-0.1F));
  EXPECT_THAT(draft.notes, ElementsAre("scores are rounded to floats"));  // once
}

TEST(MetaspaceDraftTest, AModelHasTwoWaysIntoTokenizerJson) {
  const Drafts drafts = SentencePieceToTokenizerJson(ScoredMetaspace()).value();
  ASSERT_EQ(drafts.size(), 2U);
  // A BPE without symbols: by normalizers first, as Llama-2 has it.
  EXPECT_EQ(drafts[0].spec.normalizers, ListedMetaspace().normalizers);
  EXPECT_THAT(drafts[0].spec.pre_tokenizers, IsEmpty());
  EXPECT_THAT(drafts[1].spec.normalizers, IsEmpty());
  EXPECT_EQ(std::get<pre_tokenizer::Metaspace>(drafts[1].spec.pre_tokenizers[0]),
            (pre_tokenizer::Metaspace{.prepend_scheme = pre_tokenizer::PrependScheme::kFirst,
                                      .split = false}));
  EXPECT_TRUE(drafts[0].model_proved);
  EXPECT_EQ(std::get<BpeModel>(drafts[0].spec.model).merges,
            std::get<BpeModel>(ListedMetaspace().model).merges);
  EXPECT_EQ(drafts[0].spec.decoders->size(), 4U);  // the last strips the dummy space
  ASSERT_EQ(drafts[0].spec.added_tokens.size(), 1U);
  EXPECT_EQ(drafts[0].spec.added_tokens[0].content, "<unk>");
}

TEST(MetaspaceDraftTest, LlamaCppKeepsThePrefixAndLosesTheRest) {
  TokenizerSpec spec = ScoredMetaspace();
  const Draft draft = SentencePieceToGguf(spec).value()[0];
  EXPECT_EQ(std::get<decoder::LlamaCpp>(draft.spec.decoders->front()),
            (decoder::LlamaCpp{.add_space_prefix = true, .clean_spaces = false}));
  EXPECT_FALSE(draft.model_proved);  // no byte pieces, which llama.cpp falls back to
  EXPECT_THAT(draft.losses, IsEmpty());
  std::get<normalizer::SentencePiece>(spec.normalizers[0]).remove_extra_whitespaces = true;
  EXPECT_THAT(SentencePieceToGguf(spec).value()[0].losses,
              ElementsAre("llama.cpp has no normalizer, and this tokenizer has one"));
}

TEST(MetaspaceDraftTest, RefusesInWords) {
  TokenizerSpec spec = ListedMetaspace();
  spec.added_tokens = {{.id = 7, .content = "<x>", .lstrip = true}};
  EXPECT_EQ(MetaspaceError(TokenizerJsonToSentencePiece(spec)),
            "added_tokens: \"<x>\" takes spaces along or stands as a whole word only, and a .model "
            "has no such tokens");
  spec = ListedMetaspace();
  std::get<BpeModel>(spec.model).dropout = 0.1;
  EXPECT_EQ(MetaspaceError(TokenizerJsonToSentencePiece(spec)),
            "model: dropout, or merges of pieces that are missing");
  spec.model = WordPieceModel{};
  EXPECT_EQ(MetaspaceError(TokenizerJsonToSentencePiece(spec)),
            "model: is neither BPE nor Unigram");
  spec = ScoredMetaspace();
  std::get<normalizer::SentencePiece>(spec.normalizers[0]).treat_whitespace_as_suffix = true;
  EXPECT_EQ(MetaspaceError(SentencePieceToTokenizerJson(spec)),
            "normalizer_spec: ▁ behind words, or spaces that stay spaces; tokenizer.json has no "
            "stage for it");
  spec = ScoredMetaspace();
  spec.model = UnigramModel{.unk = 0};
  EXPECT_EQ(MetaspaceError(SentencePieceToGguf(spec)),
            "model: GGUF's llama is a BPE by score, and nothing else");
  EXPECT_EQ(MetaspaceError(GgufToSentencePiece(spec)), "model: is no llama vocabulary");
}

}  // namespace
}  // namespace tokgraft
