#include "embed_init/checkpoint.h"
