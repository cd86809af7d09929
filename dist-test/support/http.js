/** Opens the service on a free port of this machine; answers its address. It closes with the service. */
export async function listening(service) {
    return await service.listen();
}
//# sourceMappingURL=http.js.map