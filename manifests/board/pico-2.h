#include "settings.h"
#include "boards/pico2.h"
