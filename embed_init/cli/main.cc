#include <string>
#include <vector>

#include "embed_init/cli/program.h"

int main(int argc, char** argv) {
  return tokgraft::RunProgram(std::vector<std::string>(argv + 1, argv + argc));
}
