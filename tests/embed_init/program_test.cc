#include "embed_init/cli/program.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(ProgramTest, AnUnknownCommandIsAUsageError) { EXPECT_EQ(RunProgram({"frobnicate"}), 2); }
TEST(ProgramTest, HelpSucceeds) { EXPECT_EQ(RunProgram({"--help"}), 0); }

}  // namespace
}  // namespace tokgraft
