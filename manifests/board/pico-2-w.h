#include "settings.h"
#include "boards/pico2_w.h"
