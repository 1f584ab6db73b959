// tokenizer.json: toy files in the layout of Hugging Face tokenizers 0.23.3 (tests/data/toy_*.json,
// written by it), older layouts, and broken files with the exact words of the error.
#include "tokenizer/formats/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kToys[] = {"toy_byte_level.json", "toy_metaspace.json", "toy_unigram.json",
                                 "toy_wordpiece.json"};

std::string ToyText(const std::string& name) {
  std::ifstream file(Cat(TOKGRAFT_SOURCE_DIR, "/tests/data/", name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TokenizerSpec ToySpec(std::string_view text) {
  StatusOr<TokenizerSpec> spec = ReadTokenizerJson(text, "t.json");
  EXPECT_TRUE(spec.ok()) << spec.status();
  return spec.ok() ? *std::move(spec) : TokenizerSpec{};
}

std::string ReadErrorOf(std::string_view text) {
  const StatusOr<TokenizerSpec> spec = ReadTokenizerJson(text, "t.json");
  return spec.ok() ? "loaded" : std::string(Message(spec.status()));
}

// A small file with other text in the place of `key`'s.
std::string FileWith(std::string_view key, std::string_view json) {
  const std::vector<std::pair<std::string_view, std::string_view>> fields = {
      {"added_tokens", "[]"},
      {"normalizer", "null"},
      {"pre_tokenizer", "null"},
      {"post_processor", "null"},
      {"decoder", "null"},
      {"model", R"({"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]})"}};
  std::string out = R"({"version":"1.0")";
  bool found = false;
  for (const auto& [name, value] : fields) {
    found = found || name == key;
    out += Cat(",\"", name, "\":", name == key ? json : value);
  }
  if (!found) out += Cat(",\"", key, "\":", json);
  return out + "}";
}

std::string BpeWith(std::string_view vocab, std::string_view merges) {
  return FileWith("model", Cat(R"({"type":"BPE","vocab":)", vocab, R"(,"merges":)", merges, "}"));
}

std::string Added(int id, std::string_view content, std::string_view special = "true") {
  return Cat(R"({"id":)", id, R"(,"content":")", content,
             R"(","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":)",
             special, "}");
}

std::string Shown(const Piece& piece) {
  return Cat(piece.id, " ", piece.spelling, " [", piece.bytes, "] ", PieceKindName(piece.kind));
}

std::vector<std::string> PiecesOf(const TokenizerSpec& spec) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) out.push_back(Shown(spec.vocab.entry(i)));
  return out;
}

std::vector<std::string> NotesOf(const TokenizerSpec& spec) {
  std::vector<std::string> out;
  for (const LoadNote& note : spec.notes) out.push_back(Cat(note.place, ": ", note.message));
  return out;
}

TEST(TokenizerJsonTest, ToysComeOutAsTheyWentIn) {
  for (const char* name : kToys) {
    const std::string text = ToyText(name);
    const TokenizerSpec spec = ToySpec(text);
    const StatusOr<std::string> written = WriteTokenizerJson(spec);
    ASSERT_TRUE(written.ok()) << written.status();
    EXPECT_EQ(*written, text) << name;
    EXPECT_TRUE(ToySpec(*written) == spec) << name;
    // Only what is carried and not applied is worth a note.
    for (const LoadNote& note : spec.notes) EXPECT_TRUE(spec.rest.count(note.place)) << name;
  }
}

TEST(TokenizerJsonTest, ByteLevelPiecesAreBytes) {
  const TokenizerSpec spec = ToySpec(ToyText("toy_byte_level.json"));
  EXPECT_EQ(spec.spelling, Spelling::kByteLevel);
  EXPECT_THAT(PiecesOf(spec),
              ElementsAre("0 a [a] normal", "1 b [b] normal", "2 Ġ [ ] normal", "3 Ã [\xC3] normal",
                          "4 Ġa [ a] normal", "5 Ġab [ ab] normal"));
  const auto& bpe = std::get<BpeModel>(spec.model);
  EXPECT_THAT(bpe.merges, ElementsAre(Merge{2, 0, 4}, Merge{4, 1, 5}));
  EXPECT_TRUE(bpe.ignore_merges);
  EXPECT_FALSE(bpe.has_unk);
  ASSERT_EQ(spec.pre_tokenizers.size(), 2U);
  EXPECT_EQ(std::get<pre_tokenizer::Split>(spec.pre_tokenizers[0]).pattern,
            (Pattern{.text = "\\p{N}", .is_regex = true}));
  EXPECT_EQ(spec.id_limit(), 8U);
}

TEST(TokenizerJsonTest, MetaspacePiecesHaveKinds) {
  const TokenizerSpec spec = ToySpec(ToyText("toy_metaspace.json"));
  EXPECT_EQ(spec.spelling, Spelling::kMetaspace);
  EXPECT_THAT(PiecesOf(spec),
              ElementsAre("0 <unk> [<unk>] unknown", "1 <s> [<s>] control", "2 <0x41> [A] byte",
                          "3 ▁ [ ] normal", "4 a [a] normal", "5 ▁a [ a] normal", "6 é [é] normal",
                          "7 \n\n [\n\n] user_defined", "8 \n [\n] normal"));
  ASSERT_EQ(spec.post_processors.size(), 1U);
  const auto& post = std::get<post_processor::Template>(spec.post_processors[0]);
  EXPECT_THAT(post.special_tokens[0].ids, ElementsAre(1U));
  EXPECT_EQ(post.single[0].special, "<s>");
}

TEST(TokenizerJsonTest, UnigramScoresAreKept) {
  const TokenizerSpec spec = ToySpec(ToyText("toy_unigram.json"));
  EXPECT_EQ(spec.vocab.Get(2)->score, -3.0000001);
  EXPECT_EQ(spec.vocab.Get(3)->score, -1e-7);
  EXPECT_EQ(spec.vocab.Get(3)->bytes, " a");
  EXPECT_EQ(std::get<UnigramModel>(spec.model).unk, 0U);
}

TEST(TokenizerJsonTest, WordPiecePrefixIsNoPartOfTheBytes) {
  const TokenizerSpec spec = ToySpec(ToyText("toy_wordpiece.json"));
  EXPECT_THAT(PiecesOf(spec), ElementsAre("0 [PAD] [[PAD]] control", "1 [UNK] [[UNK]] unknown",
                                          "2 [CLS] [[CLS]] normal", "3 [SEP] [[SEP]] normal",
                                          "4 play [play] normal", "5 ##ing [ing] normal",
                                          "6 ing [ing] normal", "7 ## [##] normal"));
  EXPECT_EQ(spec.rest.at("truncation"),
            R"({"direction":"Right","max_length":128,"strategy":"LongestFirst","stride":0})");
  // Carried, not applied, and that is said.
  ASSERT_EQ(spec.notes.size(), 2U);
  EXPECT_EQ(spec.notes[0].place, "truncation");
  EXPECT_NE(spec.notes[0].message.find("128"), std::string::npos);
  EXPECT_EQ(spec.notes[1].place, "padding");
}

// ---- Older layouts -----------------------------------------------------------------------------

TEST(TokenizerJsonTest, MergesAsTextAreRead) {
  const TokenizerSpec spec =
      ToySpec(BpeWith(R"({"a":0,"b":1,"ab":2})", R"(["#version: 0.2","a b"])"));
  const auto& bpe = std::get<BpeModel>(spec.model);
  EXPECT_THAT(bpe.merges, ElementsAre(Merge{0, 1, 2}));
  EXPECT_FALSE(bpe.merges_as_pairs);
}

TEST(TokenizerJsonTest, AModelWithoutTypeIsTakenForTheFirstKindThatFits) {
  EXPECT_TRUE(std::holds_alternative<BpeModel>(
      ToySpec(FileWith("model", R"({"vocab":{"a":0},"merges":[]})")).model));
  EXPECT_TRUE(std::holds_alternative<WordPieceModel>(
      ToySpec(FileWith("model", R"({"vocab":{"a":0},"unk_token":"a",
                               "continuing_subword_prefix":"##","max_input_chars_per_word":9})"))
          .model));
  EXPECT_TRUE(std::holds_alternative<UnigramModel>(
      ToySpec(FileWith("model", R"({"unk_id":0,"vocab":[["a",-1]]})")).model));
  EXPECT_EQ(std::get<UnknownStage>(
                ToySpec(FileWith("model", R"({"vocab":{"a":0},"unk_token":"a"})")).model)
                .type,
            "WordLevel");
}

TEST(TokenizerJsonTest, OlderStagesAreRead) {
  const auto metaspace = [](std::string_view more) {
    return ToySpec(FileWith("pre_tokenizer",
                            Cat(R"({"type":"Metaspace","replacement":"▁")", more, "}")))
        .pre_tokenizers;
  };
  using pre_tokenizer::PrependScheme;
  EXPECT_THAT(metaspace(R"(,"str_rep":"▁","add_prefix_space":true)"),
              ElementsAre(PreTokenizer(pre_tokenizer::Metaspace{})));
  EXPECT_THAT(metaspace(R"(,"add_prefix_space":false,"prepend_scheme":"never","split":false)"),
              ElementsAre(PreTokenizer(pre_tokenizer::Metaspace{
                  .prepend_scheme = PrependScheme::kNever, .split = false})));
  EXPECT_THAT(ToySpec(FileWith("pre_tokenizer", R"({"type":"ByteLevel","add_prefix_space":true,
                                                    "trim_offsets":false})"))
                  .pre_tokenizers,
              ElementsAre(PreTokenizer(pre_tokenizer::ByteLevel{.trim_offsets = false})));
  EXPECT_THAT(
      ToySpec(FileWith("normalizer", R"({"strip_left":true,"strip_right":false})")).normalizers,
      ElementsAre(Normalizer(normalizer::Strip{.left = true, .right = false})));
  // Hugging Face goes by the fields of these two, not by the type.
  EXPECT_TRUE(std::holds_alternative<post_processor::Roberta>(
      ToySpec(FileWith("post_processor", R"({"type":"BertProcessing","sep":["a",0],"cls":["b",1],
                                             "trim_offsets":true,"add_prefix_space":true})"))
          .post_processors[0]));
}

TEST(TokenizerJsonTest, NestedSequencesAreFlat) {
  const TokenizerSpec spec = ToySpec(
      FileWith("normalizer", R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Sequence",
                       "normalizers":[{"type":"Lowercase"},{"type":"Nmt"}]}]})"));
  EXPECT_EQ(spec.normalizers.size(), 3U);
  EXPECT_FALSE(spec.decoders.has_value());
  EXPECT_TRUE(
      ToySpec(FileWith("decoder", R"({"type":"Sequence","decoders":[]})")).decoders.has_value());
}

TEST(TokenizerJsonTest, UnknownStagesPassThrough) {
  const std::string text = FileWith("normalizer", R"({"type":"Rot13","shift":[13,1.5]})");
  const TokenizerSpec spec = ToySpec(text);
  EXPECT_THAT(
      spec.normalizers,
      ElementsAre(Normalizer(UnknownStage{"Rot13", R"({"type":"Rot13","shift":[13,1.5]})"})));
  EXPECT_TRUE(ToySpec(*WriteTokenizerJson(spec)) == spec);
  // A field that the reference does not read is none of the stage's.
  const TokenizerSpec field = ToySpec(FileWith("decoder", R"({"type":"Fuse","how":"well"})"));
  EXPECT_THAT(*field.decoders, ElementsAre(Decoder(decoder::Fuse{})));
  ASSERT_EQ(field.notes.size(), 1U);
  EXPECT_EQ(field.notes[0].place, "Fuse.how");
}

// ---- What the reference makes of it ------------------------------------------------------------

TEST(TokenizerJsonTest, DeclaredIdsOfAddedTokensDoNotCount) {
  // Replayed in the reference: X gets 3, "a" keeps 0, Y gets 4, the empty token is ignored.
  const TokenizerSpec spec = ToySpec(
      FileWith("added_tokens", Cat("[", Added(7, "X"), ",", Added(5, "a"), ",", Added(9, "Y"), ",",
                                   Added(9, "Y", "false"), ",", Added(3, ""), "]")));
  ASSERT_EQ(spec.added_tokens.size(), 3U);
  EXPECT_EQ(spec.added_tokens[0].content, "a");
  EXPECT_EQ(spec.added_tokens[1].content, "X");
  EXPECT_EQ(spec.added_tokens[1].id, 3U);
  EXPECT_EQ(spec.added_tokens[2].id, 4U);
  EXPECT_TRUE(spec.added_tokens[2].special) << "once special, always skipped";
  EXPECT_THAT(NotesOf(spec),
              ElementsAre("added_tokens[0]: \"X\" is declared as 7, the reference gives it 3",
                          "added_tokens[1]: \"a\" is declared as 5, the reference gives it 0",
                          "added_tokens[2]: \"Y\" is declared as 9, the reference gives it 4",
                          "added_tokens[3]: \"Y\" is given again, the last flags count",
                          "added_tokens[3]: \"Y\" is declared as 9, the reference gives it 4",
                          "added_tokens[4]: the reference ignores an empty token"));
  EXPECT_EQ(spec.notes[0].declared, 7U);
  EXPECT_EQ(spec.notes[0].actual, 3U);
}

TEST(TokenizerJsonTest, AHoleInTheIdsIsNotFilledByTheReference) {
  std::string text = BpeWith(R"({"a":0,"b":2})", "[]");
  text.replace(text.find("\"added_tokens\":[]"), 17,
               Cat("\"added_tokens\":[", Added(2, "b"), ",", Added(1, "new"), "]"));
  const TokenizerSpec spec = ToySpec(text);
  ASSERT_EQ(spec.added_tokens.size(), 1U) << "two tokens on one id, the last counts";
  EXPECT_EQ(spec.added_tokens[0].content, "new");
  EXPECT_EQ(spec.added_tokens[0].id, 2U);
}

TEST(TokenizerJsonTest, APieceGivenTwiceHasItsLastId) {
  const TokenizerSpec spec = ToySpec(BpeWith(R"({"a":5,"b":1,"a":0})", "[]"));
  EXPECT_THAT(PiecesOf(spec), ElementsAre("0 a [a] normal", "1 b [b] normal"));
  EXPECT_THAT(NotesOf(spec),
              ElementsAre("model.vocab[\"a\"]: the piece \"a\" is given twice, the last counts"));
}

TEST(TokenizerJsonTest, MergesOfMissingPiecesAreKept) {
  const TokenizerSpec spec =
      ToySpec(BpeWith(R"({"a":0,"b":1,"ab":2})", R"([["a","x"],["a","b"],["b","a"]])"));
  const auto& bpe = std::get<BpeModel>(spec.model);
  EXPECT_THAT(bpe.merges, ElementsAre(Merge{0, 1, 2}));
  EXPECT_THAT(bpe.broken_merges,
              ElementsAre(BrokenMerge{.index = 0, .left = "a", .right = "x", .missing = "x"},
                          BrokenMerge{.index = 2, .left = "b", .right = "a", .missing = "ba"}));
  EXPECT_TRUE(ToySpec(*WriteTokenizerJson(spec)) == spec) << "their places are kept too";
}

TEST(TokenizerJsonTest, UnreadFieldsOfTheModelAreCarried) {
  const TokenizerSpec spec =
      ToySpec(FileWith("model", R"({"type":"BPE","vocab":{"a":0},"merges":[],"hue":[1]})"));
  EXPECT_EQ(spec.rest.at("model.hue"), "[1]");
  EXPECT_THAT(*WriteTokenizerJson(spec), HasSubstr("\"hue\": [\n      1\n    ]"));
}

// ---- Errors ------------------------------------------------------------------------------------

TEST(TokenizerJsonTest, ErrorsSayWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "t.json: is an array, an object was expected"},
      {R"({"version":"1.0"})", "t.json: \"model\" is missing"},
      {R"({"version":"2.0","model":{}})",
       "t.json: version: is \"2.0\", \"1.0\" was expected; no other is known"},
      {FileWith("model", "{}"),
       "t.json: model: \"type\" is missing, and so is \"vocab\"; BPE, Unigram or WordPiece was "
       "expected"},
      {FileWith("model", R"({"type":"BPE","vocab":{}})"), "t.json: model: \"merges\" is missing"},
      {BpeWith(R"({"a":-1})", "[]"),
       "t.json: model.vocab.a: is -1, a whole number from 0 to 2^64 - 1 was expected"},
      {BpeWith(R"({"a":4294967296})", "[]"),
       "t.json: model.vocab.a: is 4294967296, an id below 2^32 was expected"},
      {BpeWith(R"({"a":0})", R"(["a  a"])"),
       "t.json: model.merges[0]: is \"a  a\", two pieces with one space between them were "
       "expected; write the merge as a pair"},
      {BpeWith(R"({"a":0})", R"([["a"]])"),
       "t.json: model.merges[0]: has 1 elements, two pieces were expected"},
      {BpeWith(R"({"a":0})", R"([["a","a"],"a a"])"),
       "t.json: model.merges[1]: is a string, a pair was expected as before"},
      {FileWith("model", R"({"type":"BPE","vocab":{},"merges":[],"dropout":2})"),
       "t.json: model.dropout: is 2, a number from 0 to 1 was expected"},
      {FileWith("model", R"({"type":"Unigram","unk_id":1,"vocab":[["a",0]]})"),
       "t.json: model.unk_id: is 1, an id below the 1 pieces of the vocabulary was expected"},
      {FileWith("model", R"({"type":"Unigram","vocab":[["a"]]})"),
       "t.json: model.vocab[0]: has 1 elements, a piece and its score were expected"},
      {FileWith("model", R"({"type":"WordPiece","unk_token":"x","vocab":{}})"),
       "t.json: model: \"continuing_subword_prefix\" is missing"},
      {FileWith("normalizer", R"({"type":"Strip"})"),
       "t.json: normalizer: \"strip_left\" is missing"},
      {FileWith("normalizer", "{}"),
       "t.json: normalizer: \"type\" is missing; the stage cannot be told without it"},
      {FileWith("normalizer", R"("NFC")"),
       "t.json: normalizer: is a string, an object was expected"},
      {FileWith("normalizer", R"({"type":"Precompiled","precompiled_charsmap":"?"})"),
       "t.json: normalizer.precompiled_charsmap: is not base64"},
      {FileWith("pre_tokenizer", R"({"type":"Sequence","pretokenizers":[{"type":"Split",
                                  "pattern":{"String":"x"},"behavior":"removed","invert":false}]})"),
       "t.json: pre_tokenizer.pretokenizers[0].behavior: is \"removed\", Removed, Isolated, "
       "MergedWithPrevious, MergedWithNext or Contiguous was expected"},
      {FileWith("pre_tokenizer", R"({"type":"Metaspace","replacement":"ab"})"),
       "t.json: pre_tokenizer.replacement: is \"ab\", one character was expected"},
      {FileWith("pre_tokenizer",
                R"({"type":"Metaspace","replacement":"_","add_prefix_space":false})"),
       "t.json: pre_tokenizer: \"add_prefix_space\" is false but \"prepend_scheme\" is not "
       "\"never\"; Hugging Face refuses the file, set \"prepend_scheme\" to \"never\""},
      {FileWith("post_processor", R"({"type":"TemplateProcessing","single":["$A"],"pair":[],
                                   "special_tokens":{}})"),
       "t.json: post_processor.single[0]: is a string, an object was expected"},
      {FileWith("post_processor", R"({"type":"TemplateProcessing","single":[],"pair":[],
                     "special_tokens":{"x":{"id":"x","ids":[1,2],"tokens":["x"]}}})"),
       "t.json: post_processor.special_tokens.x: has 2 ids and 1 tokens, as many of each were "
       "expected"},
      {FileWith("added_tokens", R"([{"id":0,"content":"x"}])"),
       "t.json: added_tokens[0]: \"single_word\" is missing"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(ReadErrorOf(text), message);
}

TEST(TokenizerJsonTest, TruncatedAnywhereItIsDataLoss) {
  for (const char* name : kToys) {
    const std::string text = ToyText(name);
    for (std::size_t size = 0; size < text.size(); ++size) {
      const Status status = ReadTokenizerJson(text.substr(0, size), "t.json").status();
      ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << name << " " << size << status;
    }
  }
}

TEST(TokenizerJsonTest, ChangedBytesNeverCrash) {
  // Each byte in turn becomes each of these; what still loads must still be savable or refused.
  std::size_t loaded = 0;
  for (const char* name : kToys) {
    const std::string text = ToyText(name);
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const char c : {'0', '"', '[', '}', '\\', '\xFF'}) {
        std::string changed = text;
        changed[at] = c;
        const StatusOr<TokenizerSpec> spec = ReadTokenizerJson(changed, "t.json");
        if (!spec.ok()) continue;
        ++loaded;
        const StatusOr<std::string> written = WriteTokenizerJson(*spec);
        EXPECT_TRUE(!written.ok() || ReadTokenizerJson(*written, "w").ok()) << *written;
      }
    }
  }
  EXPECT_GT(loaded, 1000U);
}

// ---- Writing -----------------------------------------------------------------------------------

TEST(TokenizerJsonTest, AddedTokensAreFoldedWhereTheirIdsWouldMove) {
  TokenizerSpec spec = ToySpec(ToyText("toy_byte_level.json"));
  spec.vocab.Add({.id = 8, .bytes = "ba", .spelling = "ba"});
  std::get<BpeModel>(spec.model).merges.push_back({.left = 1, .right = 0, .product = 8});
  spec.normalizers.clear();
  const StatusOr<std::string> written = WriteTokenizerJson(spec);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written, HasSubstr("\"<|end|>\": 6,\n      \"<|pad|>\": 7,\n      \"ba\": 8"));
  const TokenizerSpec again = ToySpec(*written);
  EXPECT_EQ(again.added_tokens, spec.added_tokens);
  EXPECT_TRUE(again.notes.empty());
  EXPECT_EQ(again.vocab.Get(6)->kind, PieceKind::kControl);
  EXPECT_EQ(again.vocab.Get(7)->kind, PieceKind::kUserDefined);
}

TEST(TokenizerJsonTest, WhatCannotBeSaidIsRefused) {
  const auto error_of = [](const TokenizerSpec& spec) {
    return std::string(Message(WriteTokenizerJson(spec).status()));
  };
  const TokenizerSpec toy = ToySpec(ToyText("toy_byte_level.json"));
  TokenizerSpec spec = toy;
  spec.reference = Reference::kTiktoken;
  EXPECT_EQ(error_of(spec),
            "t.json: a tokenizer of tiktoken cannot be written as tokenizer.json; "
            "save in its own format");
  spec = toy;
  spec.vocab.Add({.id = 0, .bytes = "c", .spelling = "c"});
  EXPECT_EQ(error_of(spec),
            "t.json: the pieces \"a\" and \"c\" share the id 0, ids of their own "
            "were expected");
  spec = toy;
  spec.vocab.Add({.id = 8, .bytes = "a", .spelling = "a"});
  EXPECT_EQ(error_of(spec),
            "t.json: the piece \"a\" stands in the vocabulary twice, once was expected");
  spec = toy;
  std::get<BpeModel>(spec.model).merges.push_back({.left = 0, .right = 1, .product = 5});
  EXPECT_EQ(error_of(spec),
            "t.json: merge 2 of \"a\" and \"b\" makes \"Ġab\", their concatenation "
            "was expected");
  spec = toy;
  spec.added_tokens[0] = {.id = 6, .content = "a"};
  EXPECT_EQ(error_of(spec),
            "t.json: the added token \"a\" has the id 6, but the vocabulary holds it "
            "as 0, which Hugging Face would use");
  spec = ToySpec(ToyText("toy_unigram.json"));
  spec.vocab.Add({.id = 9, .bytes = "z", .spelling = "z"});
  EXPECT_EQ(error_of(spec), "t.json: no piece has the id 6, a Unigram without holes was expected");
}

}  // namespace
}  // namespace tokgraft
