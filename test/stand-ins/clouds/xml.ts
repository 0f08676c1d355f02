// Just enough XML for the answers of STS. It escapes text and knows nothing else.

export function element(name: string, content: string | string[]): string {
  const inner = Array.isArray(content) ? content.join("") : escapeText(content);
  return `<${name}>${inner}</${name}>`;
}

export function xml(root: string, namespace: string, content: string[]): string {
  return `<${root} xmlns="${namespace}">${content.join("")}</${root}>`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
