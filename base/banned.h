/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that no program of this project calls: the compiler stops at
 * their names.  The Makefile includes this file before all others (-include);
 * the headers that declare the functions come first, because declaring them
 * is allowed.
 *
 *	strcpy, strcat, stpcpy, sprintf, vsprintf, gets		know no size
 *	strncpy, strncat	leave text without its NUL, or count something
 *				else than one expects: snprintf, struct bytes
 *	atoi and relatives	accept blanks and rests and hide overflow:
 *				bytes_parse_u64()
 *	strtok			keeps its place where other threads change it
 *
 * Thread safety, ownership and errors: no code here.
 */
#ifndef STENCIL_BASE_BANNED_H
#define STENCIL_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Macros where the C library fortifies them. */
#undef strcpy
#undef strcat
#undef stpcpy
#undef sprintf
#undef vsprintf
#undef strncpy
#undef strncat

#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets
#pragma GCC poison strncpy strncat
#pragma GCC poison atoi atol atoll atof
#pragma GCC poison strtok

#endif
