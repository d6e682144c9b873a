/*
 * udp_stream: a steady stream of packets, and when the last one arrived.
 *
 *   udp_stream send ADDRESS PORT INTERVAL_US   until its stdin ends
 *   udp_stream receive PORT                    for each line of stdin: "COUNT LAST_NS\n"
 *
 * LAST_NS is CLOCK_MONOTONIC, taken by the kernel's wake-up of this process.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int make_socket(const char *address, const char *port, struct sockaddr_in *ret_address)
{
    *ret_address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    if (inet_pton(AF_INET, address, &ret_address->sin_addr) != 1)
        return -1;
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int send_stream(const char *address, const char *port, long interval_us)
{
    struct sockaddr_in to;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    int64_t next = now_ns();

    int fd = make_socket(address, port, &to);
    if (fd < 0)
        return 1;
    while (poll(&input, 1, 0) == 0) {
        struct timespec at = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        (void)sendto(fd, &next, sizeof(next), 0, (const struct sockaddr *)&to, sizeof(to));
        next += interval_us * 1000;
        if (next < now_ns() - 1000000) /* woken late: do not send in a burst what is missing */
            next = now_ns();
    }
    return 0;
}

static int receive_stream(const char *port)
{
    struct sockaddr_in at;
    unsigned long count = 0;
    int64_t last = 0;
    char line[64];
    int64_t packet;

    int fd = make_socket("0.0.0.0", port, &at);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
        return 1;
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    for (;;) {
        if (poll(ready, 2, -1) < 0)
            return 1;
        if (ready[0].revents != 0) {
            last = now_ns();
            while (recv(fd, &packet, sizeof(packet), MSG_DONTWAIT) > 0)
                count++;
        }
        if (ready[1].revents != 0) {
            if (read(0, line, sizeof(line)) <= 0)
                return 0;
            printf("%lu %lld\n", count, (long long)last);
            fflush(stdout);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "send") == 0)
        return send_stream(argv[2], argv[3], strtol(argv[4], NULL, 10));
    if (argc == 3 && strcmp(argv[1], "receive") == 0)
        return receive_stream(argv[2]);
    fprintf(stderr, "usage: udp_stream send ADDRESS PORT INTERVAL_US | receive PORT\n");
    return 2;
}
