/** A time of a working day in the past, so many seconds after 09:15 UTC. */
export function at(seconds) {
    return new Date(Date.UTC(2024, 2, 4, 9, 15, 0) + seconds * 1000).toISOString();
}
//# sourceMappingURL=times.js.map