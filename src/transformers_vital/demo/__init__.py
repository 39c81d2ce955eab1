"""A page on this machine on which a person scores media and chats about them."""
