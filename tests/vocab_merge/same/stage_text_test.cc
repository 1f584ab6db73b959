#include "vocab_merge/same/stage_text.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

template <typename Stage, typename Kind>
std::string One(const Kind& kind) {
  return TextOf(std::vector<Stage>{Stage(kind)});
}

TEST(StageTextTest, StagesStandOneAfterTheOther) {
  EXPECT_EQ(TextOf(std::vector<Normalizer>{normalizer::Unicode{normalizer::UnicodeForm::kNfkd},
                                           normalizer::Strip{.left = true, .right = false}}),
            "NFKD{}Strip{true, false}");
  EXPECT_EQ(TextOf(std::vector<Normalizer>{}), "");
}

TEST(StageTextTest, TextsAreQuotedSoThatNoTwoStagesLookAlike) {
  EXPECT_EQ(One<Normalizer>(normalizer::Prepend{"a\", \"b\\\n"}),
            "Prepend{\"a\\\", \\\"b\\\\\\x0a\"}");
  EXPECT_EQ(One<Normalizer>(normalizer::Replace{{"x", true}, "y"}), "Replace{regex \"x\", \"y\"}");
  EXPECT_EQ(One<Normalizer>(normalizer::Replace{{"x", false}, "y"}), "Replace{text \"x\", \"y\"}");
}

TEST(StageTextTest, AccentsFollowCaseInBertUnlessTheyAreNamed) {
  normalizer::Bert bert;
  bert.lowercase = false;
  EXPECT_EQ(One<Normalizer>(bert), "Bert{true, true, false, false}");
  bert.strip_accents = true;
  EXPECT_EQ(One<Normalizer>(bert), "Bert{true, true, true, false}");
}

TEST(StageTextTest, FieldsThatMoveOffsetsOnlyAreLeftOut) {
  EXPECT_EQ(One<PreTokenizer>(pre_tokenizer::ByteLevel{.trim_offsets = false}),
            One<PreTokenizer>(pre_tokenizer::ByteLevel{.trim_offsets = true}));
  EXPECT_EQ(One<PreTokenizer>(pre_tokenizer::ByteLevel{}), "ByteLevel{true, true}");
  EXPECT_EQ(One<PostProcessor>(post_processor::ByteLevel{}), "");
  post_processor::Roberta roberta;
  roberta.cls_id = 1;
  roberta.sep_id = 2;
  roberta.trim_offsets = false;
  EXPECT_EQ(One<PostProcessor>(roberta), "Roberta{1, 2}");
}

TEST(StageTextTest, CutsTellHowTheyCut) {
  EXPECT_EQ(One<PreTokenizer>(pre_tokenizer::Split{
                {"\\d", true}, pre_tokenizer::SplitBehavior::kMergedWithNext, true}),
            "Split{regex \"\\\\d\", 3, true}");
  EXPECT_EQ(One<PreTokenizer>(pre_tokenizer::Digits{true}), "Digits{true}");
  EXPECT_EQ(One<PreTokenizer>(UnknownStage{"New", "{}"}), "New{\"{}\"}");
}

TEST(StageTextTest, ATemplateNamesItsTokensInTheOrderOfTheirUse) {
  using Kind = post_processor::TemplatePart::Kind;
  post_processor::Template a;
  a.single = {{Kind::kSpecial, "<s>", 0}, {Kind::kSequenceA, "", 1}};
  a.special_tokens = {{.id = "<s>", .ids = {1, 2}, .tokens = {"<s>", "<t>"}},
                      {.id = "</s>", .ids = {3}, .tokens = {"</s>"}}};
  EXPECT_EQ(One<PostProcessor>(a),
            "Template{single:Part{2, \"<s>\", 0}Part{0, \"\", 1} pair: \"<s>\": 1 2}");
  post_processor::Template b = a;
  std::swap(b.special_tokens[0], b.special_tokens[1]);
  EXPECT_EQ(One<PostProcessor>(b), One<PostProcessor>(a));
}

TEST(StageTextTest, ModelsNameWhatIsSet) {
  BpeModel bpe;
  EXPECT_EQ(TextOf(Model(bpe)), "BPE by merge list{affixes \"\" \"\"}");
  bpe.dropout = 0;  // as if it were not there
  bpe.end_of_word_suffix = "";
  EXPECT_EQ(TextOf(Model(bpe)), "BPE by merge list{affixes \"\" \"\"}");
  bpe.order = BpeModel::Order::kScore;
  bpe.unk = 3;
  bpe.fuse_unk = true;
  bpe.byte_fallback = true;
  bpe.end_of_word_suffix = "</w>";
  EXPECT_EQ(TextOf(Model(bpe)), "BPE by score{unk 3 fused, byte_fallback, affixes \"\" \"</w>\"}");
  EXPECT_EQ(TextOf(Model(UnigramModel{.unk = 3, .byte_fallback = true})),
            "Unigram{unk 3, byte_fallback}");
  EXPECT_EQ(TextOf(Model(WordPieceModel{})), "WordPiece{\"[UNK]\", \"##\", 100}");
}

TEST(StageTextTest, DecodersTellWhatTheyTakeAway) {
  EXPECT_EQ(One<Decoder>(decoder::Strip{.content = " ", .start = 1, .stop = 0}),
            "Strip{\" \", 1, 0}");
  EXPECT_EQ(One<Decoder>(decoder::LlamaCpp{.add_space_prefix = true}), "LlamaCpp{true, false}");
  EXPECT_EQ(One<Decoder>(decoder::SentencePiece{"?", std::nullopt}), "SentencePiece{\"?\", \"\"}");
}

}  // namespace
}  // namespace tokgraft
