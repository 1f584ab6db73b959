// wechsel: rows against the plainest code, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "embed_init/methods/auxiliary_cache.h"
#include "embed_init/methods/role_rows.h"
#include "tests/embed_init/made_input.h"
#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::pair<std::string, Eigen::RowVectorXd>>;

constexpr Eigen::Index kDimensions = 6;
const toy::Pairs kMerges = {{"a", "b"}, {"c", "d"}, {"ab", "cd"}, {" ", "a"}, {"b", "a"}};

class WechselTest : public ::testing::Test {
 protected:
  WechselTest() : made_(testing::RandomRows(261, 4, 1), 4) {
    std::mt19937 random(3);
    for (std::string letters : {"abcd", "wxyz"}) {
      Words& words = letters == "abcd" ? old_words_ : new_words_;
      std::set<std::string> known;
      while (words.size() < 60) {
        std::string word = words.empty() ? letters : "";  // one that is a token by itself
        for (std::size_t i = words.empty() ? 0 : 1 + random() % 6; i > 0; --i) {
          word += letters[random() % 4];
        }
        if (!known.insert(word).second) continue;
        Eigen::RowVectorXd vector(kDimensions);
        for (double& value : vector) value = static_cast<double>(random() % 2001) / 1000 - 1;
        words.emplace_back(word, vector);
      }
    }
    std::string dictionary;
    for (std::size_t i = 0; i < 25; ++i) {
      pairs_.emplace_back(old_words_[i].first, new_words_[i * 2].first);
      dictionary += pairs_.back().first + "\t" + pairs_.back().second + "\n";
    }
    // In another case: found in lower case. Without vectors: no pair.
    pairs_.emplace_back(old_words_[40].first, new_words_[41].first);
    std::string upper = old_words_[40].first;
    for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
    dictionary += upper + "\t" + new_words_[41].first + "\nnothing\tat all\n";
    Write("old.vec", old_words_);
    Write("new.vec", new_words_);
    testing::WriteText(directory_ / "words.tsv", dictionary);
    made_.options.auxiliary = {.vectors = directory_ / "new.vec",
                               .base_vectors = directory_ / "old.vec",
                               .dictionary = directory_ / "words.tsv"};
    made_.options.settings.wechsel_k = 4;
    made_.options.settings.wechsel_temperature = 0.2;
    made_.input.base = &base_;
    made_.input.merged = &merged_;
    for (TokenId id = 261; id < merged_.vocab_size(); ++id) {
      made_.input.tokens.push_back({.pieces = {{'w', 'x'}, {1, 1}}, .row = id});
    }
  }

  void Write(const std::string& name, const Words& words) {
    std::string text = std::to_string(words.size()) + " " + std::to_string(kDimensions) + "\n";
    for (const auto& [word, vector] : words) {
      text += word;
      for (const double value : vector) text += " " + std::to_string(value);
      text += "\n";
    }
    testing::WriteText(directory_ / name, text);
  }

  static std::map<TokenId, Eigen::RowVectorXd> VectorsOfTokens(const Tokenizer& tokenizer,
                                                               const Words& words) {
    std::map<TokenId, Eigen::RowVectorXd> sums;
    std::map<TokenId, double> weights;
    for (std::size_t rank = 1; rank <= words.size(); ++rank) {
      const auto& [word, vector] = words[rank - 1];
      std::set<TokenId> ids;
      for (const std::string& text : {word, " " + word}) {
        for (const TokenId id : tokenizer.Encode(text).ids) ids.insert(id);
      }
      for (const TokenId id : ids) {
        sums.try_emplace(id, Eigen::RowVectorXd::Zero(kDimensions)).first->second +=
            vector / static_cast<double>(rank);
        weights[id] += 1 / static_cast<double>(rank);
      }
    }
    for (auto& [id, sum] : sums) sum /= weights[id];
    return sums;
  }

  Status Error() { return MakeRoleRows(Method::kWechsel, NormPolicy::kNone, made_.input).status(); }

  testing::TemporaryDirectory directory_;
  Words old_words_;
  Words new_words_;
  std::vector<std::pair<std::string, std::string>> pairs_;  // that have vectors
  Tokenizer base_ = *Compile(toy::ByteLevel(kMerges));
  Tokenizer merged_ = *Compile(toy::ByteLevel([] {
    toy::Pairs merges = kMerges;
    for (const auto& [a, b] :
         toy::Pairs{{"w", "x"}, {"y", "z"}, {"wx", "yz"}, {" ", "w"}, {"q", "q"}}) {
      merges.emplace_back(a, b);
    }
    return merges;
  }()));
  testing::MadeInput made_;
};

TEST_F(WechselTest, RowsAreThoseOfPlainLoops) {
  std::map<std::string, Eigen::RowVectorXd> old_of(old_words_.begin(), old_words_.end());
  std::map<std::string, Eigen::RowVectorXd> new_of(new_words_.begin(), new_words_.end());
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(kDimensions, kDimensions);
  const std::set<std::pair<std::string, std::string>> distinct(pairs_.begin(), pairs_.end());
  for (const auto& [from, to] : distinct) {
    products += new_of.at(to).transpose() * old_of.at(from);
  }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(products, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::MatrixXd rotation = svd.matrixU() * svd.matrixV().transpose();
  const auto old_tokens = VectorsOfTokens(base_, old_words_);
  const auto new_tokens = VectorsOfTokens(merged_, new_words_);
  const StatusOr<MadeRows> made = MakeWechselRows(made_.input);
  ASSERT_TRUE(made.ok()) << Message(made.status());
  std::size_t fallbacks = 0;
  for (std::size_t i = 0; i < made_.input.tokens.size(); ++i) {
    const auto id = static_cast<TokenId>(made_.input.tokens[i].row);
    if (!new_tokens.contains(id)) {
      EXPECT_EQ(made->origins[i], RowOrigin::kMeanOfPieces);
      ++fallbacks;
      continue;
    }
    const Eigen::RowVectorXd wanted = new_tokens.at(id) * rotation;
    std::vector<std::pair<double, TokenId>> all;
    for (const auto& [old_id, vector] : old_tokens) {
      all.emplace_back(-wanted.dot(vector) / wanted.norm() / vector.norm(), old_id);
    }
    std::sort(all.begin(), all.end());
    double sum = 0;
    for (std::size_t j = 0; j < 4; ++j) sum += std::exp(-all[j].first / 0.2);
    ASSERT_EQ(made->entries[i].size(), 4U);
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(made->entries[i][j].first, all[j].second);
      EXPECT_NEAR(made->entries[i][j].second, std::exp(-all[j].first / 0.2) / sum, 1e-4);
    }
  }
  EXPECT_EQ(fallbacks, 1U);  // "qq"
  EXPECT_THAT(made->notes[0], HasSubstr("gave 26 pairs with vectors"));
  EXPECT_THAT(made->notes[0], HasSubstr("4 of 5 new tokens stand in words"));
}

// The same space twice, one of them rotated: a new token finds the old one of the same words.
TEST_F(WechselTest, FindsTheOldTokenOfTheSameMeaning) {
  std::srand(4);
  const Eigen::MatrixXd rotation =
      Eigen::HouseholderQR<Eigen::MatrixXd>(Eigen::MatrixXd::Random(kDimensions, kDimensions))
          .householderQ();
  Words twins;
  std::string dictionary;
  for (const auto& [word, vector] : old_words_) {
    std::string twin = word;
    for (char& c : twin) c = static_cast<char>(c - 'a' + 'w');
    twins.emplace_back(twin, vector * rotation);
    dictionary += word + "\t" + twin + "\n";
  }
  Write("new.vec", twins);
  testing::WriteText(directory_ / "words.tsv", dictionary);
  const MadeRows made = *MakeWechselRows(made_.input);
  const std::string bytes[] = {"wx", "yz", "wxyz", " w"};
  const std::string twins_of[] = {"ab", "cd", "abcd", " a"};
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(merged_.token_bytes(static_cast<TokenId>(made_.input.tokens[i].row)), bytes[i]);
    EXPECT_EQ(made.entries[i][0].first, *base_.token_id(twins_of[i])) << bytes[i];
  }
}

TEST_F(WechselTest, HiddenRowsAndRowsThatAreNoNumbersAreNoNeighbours) {
  const std::uint32_t nearest = MakeWechselRows(made_.input)->entries[0][0].first;
  made_.input.hidden.assign(261, false);
  made_.input.hidden[nearest] = true;
  const MadeRows without = *MakeWechselRows(made_.input);
  for (const RowEntries& entries : without.entries) {
    for (const auto& [row, weight] : entries) EXPECT_NE(row, nearest);
  }
  made_.input.hidden.clear();
  made_.old[nearest * 4] = std::numeric_limits<float>::quiet_NaN();
  const MadeRows sound = *MakeWechselRows(made_.input);
  for (const RowEntries& entries : sound.entries) {
    EXPECT_FALSE(entries.empty());
    for (const auto& [row, weight] : entries) {
      EXPECT_NE(row, nearest);
      EXPECT_TRUE(std::isfinite(weight));
    }
  }
}

TEST_F(WechselTest, FilesAreReadOnceForBothRoles) {
  AuxiliaryCache cache;
  made_.input.cache = &cache;
  const MadeRows first = *MakeWechselRows(made_.input);
  std::filesystem::remove(directory_ / "new.vec");
  EXPECT_EQ(MakeWechselRows(made_.input)->entries, first.entries);
}

TEST_F(WechselTest, WhatLacksOrDoesNotFitIsNamed) {
  const AuxiliaryInputs all = made_.options.auxiliary;
  made_.options.auxiliary.vectors = "";
  EXPECT_THAT(std::string(Message(Error())), HasSubstr("give --vectors FILE"));
  made_.options.auxiliary = all;
  made_.options.auxiliary.base_vectors = "";
  EXPECT_THAT(std::string(Message(Error())), HasSubstr("give --base-vectors FILE"));
  made_.options.auxiliary = all;
  made_.options.auxiliary.dictionary = "";
  EXPECT_THAT(std::string(Message(Error())), HasSubstr("give --dictionary FILE"));
  EXPECT_TRUE(absl::IsInvalidArgument(Error()));
  made_.options.auxiliary = all;
  testing::WriteText(directory_ / "words.tsv", "no\tsuch\nwords\tat all\n");
  EXPECT_THAT(std::string(Message(Error())),
              HasSubstr("words.tsv: none of its 2 pairs has vectors"));
  testing::WriteText(directory_ / "new.vec", "1 2\nw 1 2\n");
  EXPECT_THAT(std::string(Message(Error())),
              HasSubstr("new.vec: line 1: has vectors of 2 numbers, 6"));
}

}  // namespace
}  // namespace tokgraft
