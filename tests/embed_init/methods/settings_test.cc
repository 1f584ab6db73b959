// Settings by name, as program and Python give them.
#include <gtest/gtest.h>

#include "embed_init/init_plan.h"

namespace tokgraft {
namespace {

TEST(SettingsTest, EachNameSetsItsNumber) {
  MethodSettings settings;
  for (const auto& [name, value] :
       {std::pair("omp_k", "8"), {"omp_centre", "false"},        {"omp_unit", "0"},
        {"omp_ridge", "0.5"},    {"min_anchors", "12"},          {"map", "cca"},
        {"knn_k", "3"},          {"knn_temperature", "2"},       {"knn_sparsemax", "true"},
        {"wechsel_k", "5"},      {"wechsel_temperature", "0.2"}, {"translate_min_count", "2.5"},
        {"clp_clip", "false"},   {"tokenadapt_global", "0"},     {"tokenadapt_temperature", "0.7"},
        {"tokenadapt_k", "4"},   {"tokalign_pivots", "11"},      {"vector_size", "4096"},
        {"vector_epochs", "6"},  {"vector_min_count", "1"}}) {
    EXPECT_EQ(Message(SetMethodSetting(name, value, &settings)), "") << name;
  }
  EXPECT_EQ(settings.omp_k, 8U);
  EXPECT_FALSE(settings.omp_centre);
  EXPECT_FALSE(settings.omp_unit);
  EXPECT_EQ(settings.omp_ridge, 0.5);
  EXPECT_EQ(settings.min_anchors, 12U);
  EXPECT_EQ(settings.map, MapKind::kCca);
  EXPECT_EQ(settings.knn_k, 3U);
  EXPECT_EQ(settings.knn_temperature, 2);
  EXPECT_TRUE(settings.knn_sparsemax);
  EXPECT_EQ(settings.wechsel_k, 5U);
  EXPECT_EQ(settings.wechsel_temperature, 0.2);
  EXPECT_EQ(settings.translate_min_count, 2.5);
  EXPECT_FALSE(settings.clp_clip);
  EXPECT_EQ(settings.tokenadapt_global, 0);
  EXPECT_EQ(settings.tokenadapt_temperature, 0.7);
  EXPECT_EQ(settings.tokenadapt_k, 4U);
  EXPECT_EQ(settings.tokalign_pivots, 11U);
  EXPECT_EQ(settings.vector_size, 4096U);
  EXPECT_EQ(settings.vector_epochs, 6U);
  EXPECT_EQ(settings.vector_min_count, 1U);
}

TEST(SettingsTest, WhatCannotBeIsRefusedByName) {
  MethodSettings settings;
  EXPECT_EQ(Message(SetMethodSetting("omp_k", "0", &settings)),
            "setting: omp_k: is \"0\", a number from 1 to 1e+09 was expected");
  EXPECT_EQ(Message(SetMethodSetting("knn_k", "2.5", &settings)),
            "setting: knn_k: is \"2.5\", a whole number was expected");
  EXPECT_EQ(Message(SetMethodSetting("map", "lstsq", &settings)),
            "setting: map: is \"lstsq\", ridge, procrustes or cca was expected");
  for (const auto& [name, value] : {std::pair("omp_ridge", "nan"),
                                    {"omp_ridge", ""},
                                    {"omp_ridge", "1x"},
                                    {"omp_unit", "yes"},
                                    {"tokenadapt_global", "1.1"},
                                    {"tokenadapt_temperature", "0"},
                                    {"tokalign_pivots", "9"},
                                    {"vector_size", "4097"},
                                    {"vector_epochs", "0"},
                                    {"k", "1"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SetMethodSetting(name, value, &settings))) << name;
  }
}

}  // namespace
}  // namespace tokgraft
