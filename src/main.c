#include "core/str.h"
int main(void){return 0;}
