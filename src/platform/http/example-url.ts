/** A signed URL, as examples in /openapi.json show one. */
export function exampleUrl(key: string): string {
  return `https://api.example.com/files/intellipost-images/${key}?expires=1793629500&signature=x`;
}
