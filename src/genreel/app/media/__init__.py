"""Media servers, asked by their APIs: Jellyfin, Emby, Plex and Kodi."""
