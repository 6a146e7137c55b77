void main() => print('ready');
