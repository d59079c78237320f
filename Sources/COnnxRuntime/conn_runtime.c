#include "conn_runtime.h"
