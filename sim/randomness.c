// The random numbers of a simulation.
//
// A thread with the name "seed N" gets the numbers that follow from N. Everything takes its
// randomness from getrandom(2): tokens and nonces, the order of hash tables. The branches of
// `tokio::select!` also depend on a counter of the process. All other threads ask the kernel.
//
// SplitMix64, https://prng.di.unimi.it/splitmix64.c

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum source { UNKNOWN, KERNEL, SEED };

static __thread enum source source = UNKNOWN;
static __thread uint64_t state;

static void find_source(void) {
    char name[16];
    unsigned long long seed;
    source = KERNEL;
    if (pthread_getname_np(pthread_self(), name, sizeof name) == 0
        && sscanf(name, "seed %llu", &seed) == 1) {
        source = SEED;
        state = seed;
    }
}

static uint64_t next(void) {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
    if (source == UNKNOWN) find_source();
    if (source == KERNEL) return syscall(SYS_getrandom, buffer, length, flags);
    for (size_t i = 0; i < length; i++) ((unsigned char *)buffer)[i] = next() >> 56;
    return length;
}
