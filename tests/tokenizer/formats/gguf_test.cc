#include "tokenizer/formats/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/formats/gguf_metadata.h"
#include "tokenizer/text/byte_alphabet.h"

namespace tokgraft {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string GgInt(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string GgText(std::string_view text) { return GgInt(text.size(), 8) + std::string(text); }
std::string GgKey(std::string_view key, GgufType type) {
  return GgText(key) + GgInt(static_cast<std::uint32_t>(type), 4);
}
std::string GgString(std::string_view key, std::string_view text) {
  return GgKey(key, GgufType::kString) + GgText(text);
}
std::string GgUint(std::string_view key, std::uint32_t value) {
  return GgKey(key, GgufType::kUint32) + GgInt(value, 4);
}
std::string GgBool(std::string_view key, bool value) {
  return GgKey(key, GgufType::kBool) + GgInt(value ? 1 : 0, 1);
}
std::string GgArray(std::string_view key, GgufType element, std::uint64_t count) {
  return GgKey(key, GgufType::kArray) + GgInt(static_cast<std::uint32_t>(element), 4) +
         GgInt(count, 8);
}
std::string GgStrings(std::string_view key, const std::vector<std::string>& texts) {
  std::string out = GgArray(key, GgufType::kString, texts.size());
  for (const std::string& text : texts) out += GgText(text);
  return out;
}
std::string GgInts(std::string_view key, const std::vector<int>& values) {
  std::string out = GgArray(key, GgufType::kInt32, values.size());
  for (const int value : values) out += GgInt(static_cast<std::uint32_t>(value), 4);
  return out;
}
std::string GgFloats(std::string_view key, const std::vector<float>& values) {
  std::string out = GgArray(key, GgufType::kFloat32, values.size());
  for (const float value : values) out += GgInt(std::bit_cast<std::uint32_t>(value), 4);
  return out;
}
std::string GgFile(const std::vector<std::string>& values, std::uint32_t version = 3) {
  std::string out = "GGUF" + GgInt(version, 4) + GgInt(0, 8) + GgInt(values.size(), 8);
  for (const std::string& value : values) out += value;
  return out;
}

// A byte-level vocabulary: the 256 bytes, then what a test adds.
std::vector<std::string> GgBytePieces(const std::vector<std::string>& more) {
  std::vector<std::string> out;
  for (int byte = 0; byte < 256; ++byte) {
    out.push_back(ToByteAlphabet(std::string(1, static_cast<char>(byte))));
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
std::vector<int> GgTypes(std::size_t normal, const std::vector<int>& more) {
  std::vector<int> out(normal, 1);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
std::vector<std::string> GgGpt2(const std::vector<std::string>& more = {}) {
  std::vector<std::string> values = {
      GgString("tokenizer.ggml.model", "gpt2"),
      GgString("tokenizer.ggml.pre", "smollm"),
      GgStrings("tokenizer.ggml.tokens", GgBytePieces({"Ġa", "<|end|>", "<x>"})),
      GgInts("tokenizer.ggml.token_type", GgTypes(257, {1, 4})),
      GgStrings("tokenizer.ggml.merges", {"Ġ a"}),
      GgString("tokenizer.chat_template", "{{\"x\"}}")};
  values.insert(values.end(), more.begin(), more.end());
  return values;
}
std::vector<std::string> GgLlamaPieces() {
  std::vector<std::string> out = {"<unk>", "<s>", "</s>"};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    out.push_back(Cat("<0x", "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15], ">"));
  }
  out.emplace_back("▁a");
  return out;
}
std::vector<std::string> GgLlama(const std::vector<std::string>& pieces = GgLlamaPieces()) {
  std::vector<int> types(pieces.size(), 6);
  types[0] = 2;
  types[1] = types[2] = 3;
  types.back() = 1;
  std::vector<float> scores(pieces.size(), 0.0F);
  scores.back() = -1.5F;
  return {GgString("tokenizer.ggml.model", "llama"), GgStrings("tokenizer.ggml.tokens", pieces),
          GgInts("tokenizer.ggml.token_type", types), GgFloats("tokenizer.ggml.scores", scores)};
}
std::string GgErrorOf(const std::vector<std::string>& values) {
  const StatusOr<TokenizerSpec> spec = ReadGguf(GgFile(values), "m.gguf");
  return spec.ok() ? "" : std::string(Message(spec.status()));
}

TEST(GgufFormatTest, ReadsByteLevelBpe) {
  const StatusOr<TokenizerSpec> spec = ReadGguf(GgFile(GgGpt2(), 2), "m.gguf");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->reference, Reference::kLlamaCpp);
  EXPECT_EQ(spec->spelling, Spelling::kByteLevel);
  EXPECT_EQ(spec->vocab.entry(256).bytes, " a");
  EXPECT_EQ(spec->vocab.entry(257).kind, PieceKind::kControl);  // by its name
  EXPECT_EQ(spec->vocab.entry(258).kind, PieceKind::kUserDefined);
  ASSERT_EQ(spec->added_tokens.size(), 2U);
  EXPECT_TRUE(spec->added_tokens[0].special);
  EXPECT_FALSE(spec->added_tokens[1].special);
  const auto& model = std::get<BpeModel>(spec->model);
  ASSERT_EQ(model.merges.size(), 1U);
  EXPECT_EQ(model.merges[0].product, TokenId{256});
  EXPECT_EQ(std::get<pre_tokenizer::LlamaCpp>(spec->pre_tokenizers.at(0)).name, "smollm");
  EXPECT_EQ(spec->rest.at("tokenizer.chat_template"), R"("{{\"x\"}}")");
  EXPECT_FALSE(spec->add_bos);
  EXPECT_FALSE(std::get<decoder::LlamaCpp>(spec->decoders.value().at(0)).clean_spaces);
}

TEST(GgufFormatTest, ReadsSentencePieceByScore) {
  const StatusOr<TokenizerSpec> spec = ReadGguf(GgFile(GgLlama()), "m.gguf");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->spelling, Spelling::kMetaspace);
  EXPECT_EQ(spec->vocab.entry(259).bytes, " a");
  EXPECT_EQ(spec->vocab.entry(259).score, -1.5);
  EXPECT_EQ(spec->vocab.entry(3 + 10).bytes, "\n");
  EXPECT_EQ(spec->vocab.entry(3 + 10).kind, PieceKind::kByte);
  EXPECT_EQ(std::get<BpeModel>(spec->model).order, BpeModel::Order::kScore);
  EXPECT_TRUE(std::get<normalizer::SentencePiece>(spec->normalizers.at(0)).add_dummy_prefix);
  EXPECT_EQ(spec->added_tokens.size(), 3U);
  EXPECT_EQ(spec->roles.bos, TokenId{1});
  EXPECT_TRUE(spec->add_bos);
}

TEST(GgufFormatTest, RolesAndFlagsOfTheFileCountOverTheDefaults) {
  const StatusOr<TokenizerSpec> spec = ReadGguf(
      GgFile(GgGpt2({GgUint("tokenizer.ggml.bos_token_id", 257),
                     GgUint("tokenizer.ggml.eos_token_id", 1000000),  // out of range: ignored
                     GgBool("tokenizer.ggml.add_bos_token", true),
                     GgBool("tokenizer.ggml.add_eos_token", true)})),
      "m.gguf");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->roles.bos, TokenId{257});
  EXPECT_EQ(spec->roles.eos, TokenId{11});  // llama.cpp's default for gpt2
  EXPECT_TRUE(spec->add_bos);
  EXPECT_TRUE(spec->add_eos);
}

TEST(GgufFormatTest, HoldsBrokenMerges) {
  std::vector<std::string> values = GgGpt2();
  values[4] = GgStrings("tokenizer.ggml.merges", {"Ġ a", "b q"});
  const StatusOr<TokenizerSpec> spec = ReadGguf(GgFile(values), "m.gguf");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto& model = std::get<BpeModel>(spec->model);
  ASSERT_EQ(model.broken_merges.size(), 1U);
  EXPECT_EQ(model.broken_merges[0].index, 1U);
  EXPECT_EQ(model.broken_merges[0].missing, "bq");
}

TEST(GgufFormatTest, RefusesByName) {
  std::vector<std::string> values = GgGpt2();
  values[0] = GgString("tokenizer.ggml.model", "bert");
  EXPECT_EQ(GgErrorOf(values),
            "m.gguf: tokenizer.ggml.model: \"bert\" is not supported, only gpt2 and llama are; use "
            "the model's tokenizer.json");
  EXPECT_EQ(ReadGguf(GgFile(values), "m").status().code(), absl::StatusCode::kUnimplemented);
  values = GgGpt2();
  values[1] = GgString("tokenizer.ggml.pre", "made-up");
  EXPECT_THAT(GgErrorOf(values), HasSubstr("\"made-up\" is no pre-tokenizer of llama.cpp"));
  EXPECT_THAT(GgErrorOf(GgGpt2({GgString("general.name", "My Phi-3 Mini")})),
              HasSubstr("\"phi-3\" models"));
  EXPECT_EQ(ReadGguf(GgFile({}, 1), "m").status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Message(ReadGguf(GgFile({}, 0x03000000), "m").status())),
              HasSubstr("big-endian"));
}

TEST(GgufFormatTest, RefusesBrokenVocabularies) {
  EXPECT_EQ(GgErrorOf({}),
            "m.gguf: tokenizer.ggml.model: missing; this GGUF file holds no tokenizer");
  std::vector<std::string> values = GgGpt2();
  values[2] = GgStrings("tokenizer.ggml.tokens", GgBytePieces({"a", "x", "y"}));
  EXPECT_THAT(GgErrorOf(values), HasSubstr("tokenizer.ggml.tokens: \"a\" has the ids 97 and 256"));
  values[2] = GgStrings("tokenizer.ggml.tokens", GgBytePieces({"中", "xx", "yy"}));
  EXPECT_THAT(GgErrorOf(values), HasSubstr("outside the alphabet of 256 bytes"));
  values = GgGpt2();
  values[3] = GgInts("tokenizer.ggml.token_type", {1});
  EXPECT_THAT(GgErrorOf(values), HasSubstr("1 types, expected 259"));
  values[3] = GgString("tokenizer.ggml.token_type", "x");
  EXPECT_THAT(GgErrorOf(values), HasSubstr("is of type string, expected array of int32"));
  values = GgGpt2();
  values[4] = GgStrings("tokenizer.ggml.merges", {"Ġa"});
  EXPECT_THAT(GgErrorOf(values), HasSubstr("merge 0, \"Ġa\", has no space"));
  values.pop_back();
  values.pop_back();
  EXPECT_THAT(GgErrorOf(values), HasSubstr("tokenizer.ggml.merges: missing"));
  std::vector<std::string> pieces = GgLlamaPieces();
  pieces[3 + 9] = "\t";  // the byte itself will do, but not as a byte token
  EXPECT_THAT(GgErrorOf(GgLlama(pieces)), HasSubstr("the byte token \"\t\", expected <0x00>"));
  pieces.erase(pieces.begin() + 3 + 9);
  EXPECT_THAT(GgErrorOf(GgLlama(pieces)), HasSubstr("no token <0x09>"));
}

TEST(GgufFormatTest, ErrorsOnEveryTruncation) {
  const std::string file = GgFile({GgString("tokenizer.ggml.model", "llama"),
                                   GgStrings("tokenizer.ggml.tokens", {"a", "bc"}),
                                   GgInts("x", {1, 2}), GgBool("y", true)});
  for (std::size_t size = 0; size < file.size(); ++size) {
    const StatusOr<TokenizerSpec> spec = ReadGguf(file.substr(0, size), "m.gguf");
    ASSERT_FALSE(spec.ok()) << size;
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(Message(spec.status())), StartsWith("m.gguf: byte ")) << size;
  }
}

TEST(GgufFormatTest, SurvivesAnyChangedByte) {
  const std::string file = GgFile({GgString("tokenizer.ggml.model", "llama"),
                                   GgStrings("tokenizer.ggml.tokens", {"a", "bc"}),
                                   GgInts("x", {1, 2}), GgBool("y", true)});
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = file;
      changed[i] = static_cast<char>(value);
      EXPECT_FALSE(ReadGguf(changed, "m.gguf").ok());
    }
  }
}

TEST(GgufFormatTest, AbsurdCountsCostNothing) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;
  for (const GgufType type : {GgufType::kString, GgufType::kUint8, GgufType::kFloat64}) {
    EXPECT_THAT(GgErrorOf({GgArray("tokenizer.ggml.tokens", type, kHuge)}),
                HasSubstr("an array of 1152921504606846976 elements,"));
  }
  EXPECT_THAT(GgErrorOf({GgInt(kHuge, 8) + "key"}), HasSubstr("a key goes beyond the end"));
  EXPECT_THAT(GgErrorOf({GgArray("a", GgufType::kArray, 1)}), HasSubstr("an array of arrays"));
  EXPECT_THAT(GgErrorOf({GgKey("a", static_cast<GgufType>(13))}), HasSubstr("a value of type 13"));
  EXPECT_THAT(GgErrorOf({GgBool("a", true), GgBool("a", true)}), HasSubstr("stands twice"));
  const std::string many = "GGUF" + GgInt(3, 4) + GgInt(0, 8) + GgInt(kHuge, 8);
  EXPECT_EQ(ReadGguf(many, "m").status().code(), absl::StatusCode::kDataLoss);
}

// Read, written, read again.
TokenizerSpec GgAgain(const TokenizerSpec& spec) {
  const StatusOr<std::string> written = WriteGguf(spec);
  EXPECT_TRUE(written.ok()) << written.status();
  if (!written.ok()) return {};
  StatusOr<TokenizerSpec> read = ReadGguf(*written, "m.gguf");
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? *std::move(read) : TokenizerSpec();
}

TEST(GgufFormatTest, WritesByteLevelBpe) {
  const std::vector<std::string> pieces = GgBytePieces({"ab", "<|end|>", "<x>"});
  std::vector<int> types(pieces.size(), 1);
  types[257] = 3;
  types[258] = 4;
  const StatusOr<TokenizerSpec> spec = ReadGguf(
      GgFile(
          {GgString("general.architecture", "llama"), GgString("tokenizer.ggml.model", "gpt2"),
           GgString("tokenizer.ggml.pre", "smollm"), GgStrings("tokenizer.ggml.tokens", pieces),
           GgInts("tokenizer.ggml.token_type", types),
           GgStrings("tokenizer.ggml.merges", {"a b", "b a"}),
           GgString("tokenizer.chat_template", "{{ x }}"),
           GgUint("tokenizer.ggml.eot_token_id", 257), GgUint("tokenizer.ggml.bos_token_id", 257),
           GgUint("tokenizer.ggml.eos_token_id", 257), GgBool("tokenizer.ggml.add_bos_token", true),
           GgBool("tokenizer.ggml.add_eos_token", false),
           GgBool("tokenizer.ggml.add_space_prefix", false)}),
      "m.gguf");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_TRUE(GgAgain(*spec) == *spec) << "the merge of a missing piece too";
}

TEST(GgufFormatTest, RefusesToWriteWhatItCannotHold) {
  const StatusOr<TokenizerSpec> good =
      ReadGguf(GgFile({GgString("tokenizer.ggml.model", "gpt2"),
                       GgStrings("tokenizer.ggml.tokens", GgBytePieces({"ab"})),
                       GgStrings("tokenizer.ggml.merges", {"a b"})}),
               "m.gguf");
  ASSERT_TRUE(good.ok()) << good.status();
  TokenizerSpec spec = *good;
  spec.added_tokens = {{.id = 300, .content = "<x>"}};
  EXPECT_THAT(std::string(Message(WriteGguf(spec).status())), HasSubstr("is no piece"));
  spec = *good;
  spec.vocab.Add({.id = 300, .bytes = "x", .spelling = "x"});
  EXPECT_THAT(std::string(Message(WriteGguf(spec).status())), HasSubstr("one piece for each id"));
  spec = *good;
  spec.pre_tokenizers = {pre_tokenizer::ByteLevel{}};
  EXPECT_EQ(WriteGguf(spec).status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tokgraft
